"""What a session holds beside the values of its widgets: the one place that lists it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import streamlit as st

from dashboard.session.jobs import Waiting, session_name
from dashboard.session.own_photos import OwnPhotos, browsers, new_token, token_of_browser
from dashboard.session.view import Nothing, View

KEY = "_session"  # in Streamlit's session state, among the keys of widgets
EVERYWHERE = "everywhere"  # in place of a page: what belongs to all of them


@dataclass(slots=True, eq=False, kw_only=True)
class DataChoice:
    """Which photos the next run is to be trained on, beside the fields of the section Data.

    Attributes:
        origin: where they come from; None until it is known.
        first_folder: that the session began with.
        zip_folder: an uploaded archive, unpacked; None until one is looked for.
        zip_name: of that archive; None for one of another session.
        zip_ignored: how many of its files are no pictures of a class.
        zip_turn: how often archives were uploaded.
        known: key of the ready-made set that is chosen; None until it is known.
        requested_sets: keys of those that the person asked for.
    """

    origin: str | None = None
    first_folder: str = ""
    zip_folder: str | None = None
    zip_name: str | None = None
    zip_ignored: int = 0
    zip_turn: int = 0
    known: str | None = None
    requested_sets: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False, kw_only=True)
class Session:
    """What one person, in one tab of a browser, has done so far.

    Attributes:
        name: among all sessions that wait for jobs.
        page: that is drawn, by its name in the list of pages.
        view: what this run of the page looks at; None before the sidebar is drawn.
        browser: what the browser is called, by which it finds its photos again.
        own: the photos of the browser.
        refused: names of the files that were uploaded last and are no photos, each with the reason.
        dropped: titles of the photos that made room for those uploaded last.
        upload_turn: how often photos were uploaded; each time the uploader is a new, empty one.
        data_turn: how often other pictures of the data set were asked for.
        addressed: per page, what was written to the address or read from it last, by key.
        unaddressed: what was chosen last of what no link can name, by key.
        linked: what the last address from outside named, by key; until the page is drawn.
        missing: what of it does not exist here, by key; until something else is chosen.
        trail: addresses that the browser may still show, the newest last.
        parsers: what each widget took last, by key.
        class_named: whether the person, or an address, named the class that is looked at.
        presents: whether the page is drawn for a projector.
        clicked: what was clicked last in each chart, by the key of the chart.
        chart_format: of the files that charts are saved as.
        first_milliseconds: how long the first look at a photo took, by model and photo.
        predicted_by: key of the model that answered a photo which was chosen to be looked at.
        model_file, model_turn: an uploaded model that is being read, and how many there were.
        application: network of ``keras.applications`` that is being fetched.
        new_model: key of one that has just been read and is to be chosen.
        own_models: keys of the models that this session has uploaded.
        saved_form: key of the model whose description is to be saved.
        opened_blocks: blocks of the graph of a network that are open, by the key of its model.
        clicked_layer: name of a layer of that graph whose maps are to be seen.
        data: which photos the next run is to be trained on.
        launched_run: key of a run that was started in the sidebar and is not shown yet.
        removed_run: title of a run that was removed and is not spoken of yet.
        sidebar_behind: whether something was chosen on the page that the sidebar does not show yet.
        waiting: jobs that are waited for, by the part of the page that does.
        drawn: parts of the page that have asked for their job in this run.
        errors: what went wrong in the callbacks of a part of the page, as a sentence.
    """

    name: str = field(default_factory=session_name)
    page: str = EVERYWHERE
    view: View | Nothing | None = None
    browser: str = field(default_factory=new_token)
    own: OwnPhotos = field(default_factory=OwnPhotos)
    refused: list[tuple[str, str]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    upload_turn: int = 0
    model_file: BinaryIO | None = None
    application: str | None = None
    model_turn: int = 0
    new_model: str | None = None
    own_models: set[str] = field(default_factory=set)
    saved_form: str | None = None
    opened_blocks: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    clicked_layer: str | None = None
    data_turn: int = 0
    addressed: dict[str, dict[str, str | None]] = field(default_factory=dict)
    unaddressed: dict[str, str | None] = field(default_factory=dict)
    linked: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    trail: list[dict[str, str]] = field(default_factory=list)
    parsers: dict[str, Callable[[str], Any | None]] = field(default_factory=dict)
    class_named: bool = False
    presents: bool = False
    clicked: dict[str, int] = field(default_factory=dict)
    chart_format: str = "png"
    first_milliseconds: dict[tuple[str, str], float] = field(default_factory=dict)
    predicted_by: str | None = None
    data: DataChoice = field(default_factory=DataChoice)
    launched_run: str | None = None
    removed_run: str | None = None
    sidebar_behind: bool = False
    waiting: dict[str, Waiting] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)


def session() -> Session:
    """What the session holds whose page is drawn."""
    if KEY not in st.session_state:
        browser = token_of_browser() or new_token()
        own = browsers().photos(browser)
        st.session_state[KEY] = Session(browser=browser, own=own, unaddressed={"photo": own.chosen})
    held: Session = st.session_state[KEY]
    return held
