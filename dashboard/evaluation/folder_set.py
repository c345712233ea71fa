"""The answers of a network to the pictures of a data folder: the stored ones, or their progress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from cnn_core.evaluation.file_answers import FileAnswers
from cnn_core.evaluation.folder_evaluation import (
    FolderRequest,
    evaluable,
    labelled,
    not_evaluable,
    pictures_of,
)
from cnn_core.evaluation.scores import evaluate
from cnn_core.files import nested
from dashboard.evaluation.class_choice import choose_classes
from dashboard.evaluation.evaluated_set import EvaluatedSet, Network
from dashboard.run_setup.folder_split import FolderSplit, choose_split
from dashboard.session.resources import explorer
from dashboard.widgets.folder_answers import answers_or_progress
from dashboard.widgets.inputs import select
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.set_figures import draw_figures, pictures_text

if TYPE_CHECKING:
    from pathlib import Path

    from cnn_core.models.card import ModelCard

MOST_NAMED = 5
REMEMBERED = (
    ":material/warning: These are the pictures that this network was trained on: the figures say how well it "
    "remembers them, not how good it is."
)


def folder_set(network: Network, model_key: str) -> EvaluatedSet | None:
    """The answers to a folder that the person names; None while there are none, with the reason drawn.

    Raises:
        DataError: a folder that cannot be read, or not by class.
    """
    head = _choose_head(model_key)
    chosen = None if head is None else choose_split()
    if head is None or chosen is None:
        return None
    answering = explorer().heads(model_key)[head]
    class_of = choose_classes(chosen.files.counts(), answering.class_names, answering.name)
    if not class_of:
        return None
    files = pictures_of(chosen.files, class_of)
    request = FolderRequest(model_key=model_key, files=files, class_of=class_of, head=head)
    answers = answers_or_progress(
        request,
        slot="evaluation",
        doing=f"Answering {pictures_text(len(request.files.paths))}",
        preview=lambda found: _draw_so_far(request, found),
    )
    if answers is None:
        return None
    _draw_notes(request, answers)
    return EvaluatedSet(
        network=network,
        model_key=model_key,
        name=f"{chosen.name}_{chosen.split}",
        title=f"{chosen.name}, {chosen.split}",
        predictions=labelled(explorer(), request, answers),
        code=folder_code(request, chosen),
        head=head,
    )


def _choose_head(model_key: str) -> int | None:
    """The output that is evaluated; None, with the reason, where answers are not right or wrong."""
    heads = explorer().heads(model_key)
    indices = evaluable(heads)
    if not indices:
        st.info(not_evaluable(heads[0]), icon=":material/info:")
        return None
    if len(indices) == 1:
        return indices[0]
    return int(select("Output", {str(index): heads[index].name for index in indices}, key="eval_head"))


def _draw_so_far(request: FolderRequest, found: FileAnswers | None) -> None:
    if found is not None:
        predictions = labelled(explorer(), request, found)
        draw_figures(predictions, evaluate(predictions))
        st.caption(f"So far, of {pictures_text(predictions.pictures)} drawn by chance.")


def _draw_notes(request: FolderRequest, answers: FileAnswers) -> None:
    """What was left out, and whether the card of the network knows these pictures."""
    unread = [request.files.paths[index] for index in answers.unread]
    if unread:
        st.markdown(f":material/broken_image: {unread_words(unread)}")
    head = explorer().heads(request.model_key)[request.head].name
    known = known_set_words(explorer().card(request.model_key), request.files.fingerprint(), head)
    if known:
        st.markdown(known)


def unread_words(unread: list[Path]) -> str:
    """How many pictures cannot be read, and the first of them; Markdown."""
    named = ", ".join(escape_markdown(f"{path.parent.name}/{path.name}") for path in unread[:MOST_NAMED])
    more = f" and {len(unread) - MOST_NAMED:,} more" if len(unread) > MOST_NAMED else ""
    return f"Left out, for they cannot be read: {pictures_text(len(unread))}, {named}{more}."


def known_set_words(card: ModelCard, fingerprint: str, head: str = "") -> str:
    """What the card of a network says of the very pictures of this fingerprint; Markdown, or nothing.

    Args:
        head: name of the output, for a card that states the accuracy of each.
    """
    sets: Mapping[str, object] = nested(card.metadata, "data")
    name = next((n for n in sets if nested(sets, n).get("file_list_sha256") == fingerprint), None)
    if name == "training":
        return REMEMBERED
    stated = {} if name is None else nested(card.metadata, name)
    accuracy = (nested(stated, "heads", head) or stated).get("accuracy")
    if not isinstance(accuracy, float):
        return ""
    return (
        f":material/task_alt: These are the {name} pictures of the network's card, which states "
        f"{100 * accuracy:.1f}\N{NO-BREAK SPACE}% of them answered right."
    )


def folder_code(request: FolderRequest, chosen: FolderSplit) -> str:
    """Lines of Python that put the answers into a variable ``predictions``."""
    folders = ", ".join(f"Path({str(folder)!r})" for folder in chosen.folders)
    head = f", head={request.head}" if request.head else ""
    return (
        "from pathlib import Path\n\n"
        "from cnn_core import open_explorer\n"
        "from cnn_core.datasets.folders import labelled_files\n"
        "from cnn_core.evaluation.folder_evaluation import FolderRequest, answers_of, labelled\n"
        "from cnn_core.evaluation.folder_evaluation import pictures_of\n\n"
        f"explorer, class_of = open_explorer(), {dict(request.class_of)!r}\n"
        f"files = pictures_of(labelled_files([{folders}]), class_of)\n"
        f"request = FolderRequest(model_key={request.model_key!r}, files=files, class_of=class_of{head})\n"
        "predictions = labelled(explorer, request, answers_of(explorer, request))\n"
    )
