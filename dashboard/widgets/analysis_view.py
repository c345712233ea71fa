"""Any analysis on a page: choose one, get its result or its progress, its check, and its lines of code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnn_core.analysis import Analysis, Check, Request
from cnn_core.snippet import snippet
from dashboard.figures.colours import short
from dashboard.session.resources import explorer
from dashboard.widgets.export_bar import own_photo_note
from dashboard.widgets.inputs import select
from dashboard.widgets.job_view import Task, result_or_progress
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from dashboard.session.view import View

NOT_HERE = "not for this network"


def analysis_picker(
    label: str, analyses: Sequence[Analysis], model_key: str, head: int, *, key: str
) -> tuple[Analysis, str | None]:
    """Choose one of many analyses, those of a group together; gives why it cannot be done here, or None.

    Args:
        label: of the widget.
        analyses: at least one.
        model_key: of the model that is asked.
        head: the output that is asked about.
        key: of the widget and in the address.
    """
    probe = explorer().model(model_key).probe
    groups = list(dict.fromkeys(each.group for each in analyses))
    ordered = sorted(analyses, key=lambda each: groups.index(each.group))
    reasons = {each.key: each.inapplicable(probe, head) for each in ordered}
    titles = {
        each.key: (f"{each.group} · " if len(groups) > 1 else "")
        + each.title
        + (f" ({NOT_HERE})" if reasons[each.key] is not None else "")
        for each in ordered
    }
    chosen = select(label, titles, key=key, help="Click and type to search.")
    return next(each for each in ordered if each.key == chosen), reasons[chosen]


def draw_summary(analysis: Analysis) -> None:
    """What an analysis shows, and who thought of it."""
    st.caption(f"{analysis.summary} {analysis.reference}.")


def analysis_result(
    analysis: Analysis,
    request: Request,
    settings: Any = None,
    *,
    slot: str,
    preview: Callable[[Any], None] | None = None,
) -> Any | None:
    """The result of an analysis, or None while its progress is drawn.

    A known one comes at once; another is computed beside the page, by a job whose key is that of the result.

    Args:
        analysis: what is computed.
        request: about what.
        settings: of the analysis; the defaults when None.
        slot: the part of the page that waits; names its widgets.
        preview: draws what has been found so far, None at first.
    """
    return result_or_progress(
        Task(
            slot=slot,
            key=explorer().result_key(analysis, request, settings),
            doing=escape_markdown(analysis.title),
            work=lambda progress: explorer().run(analysis, request, settings, progress),
            result=analysis.result,
            known=lambda: explorer().known(analysis, request, settings),
            preview=preview,
        )
    )


def request_about(view: View, **about: Any) -> Request:
    """A request about the model and the photo of the page; ``about``: layer, head, class, channels."""
    return Request(model_key=view.model_key, image=view.photo.image(), **about)


def code_of(view: View, analysis: Analysis, request: Request, settings: Any = None) -> str:
    """The lines of Python that make a result of the page again, in a variable ``result``."""
    note = own_photo_note(view.photo)
    return snippet(analysis, request, settings, picture=view.photo.path, note=note)


def check_text(check: Check) -> str:
    """What a result was held against, as Markdown; ticked only where it holds."""
    icon = ":material/task_alt:" if check.holds is True else ":material/info:"
    apart = "" if check.figure is None else f" Difference {_figure(check.figure)}."
    return f"{icon} {escape_markdown(check.sentence, longest=None)}{apart}"


def _figure(value: float) -> str:
    """A difference, as Markdown; what only rounding leaves over is not told in powers of ten."""
    return "\\<\N{NO-BREAK SPACE}0.001" if 0 < abs(value) < 0.0005 else short(value)
