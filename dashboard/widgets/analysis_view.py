"""Any analysis on a page: choose one, get its result or its progress, its check, and its lines of code."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnn_core.analysis import Analysis, Check, Request
from cnn_core.attribution import METHODS
from cnn_core.progress import Progress
from cnn_core.snippet import Call, snippet
from dashboard.figures.colours import short
from dashboard.session.resources import explorer
from dashboard.widgets.export_bar import own_photo_note
from dashboard.widgets.inputs import select
from dashboard.widgets.job_view import Task, result_or_progress
from dashboard.widgets.markdown import escape_markdown

if TYPE_CHECKING:
    from dashboard.session.view import View

NOT_HERE = "not for this network"
MINUS = re.compile(r"(?<![\w-])-(?=\d)")


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
    outline = explorer().outline(model_key)
    groups = list(dict.fromkeys(each.group for each in analyses))
    ordered = sorted(analyses, key=lambda each: groups.index(each.group))
    reasons = {each.key: each.inapplicable(outline, head) for each in ordered}
    titles = {
        each.key: (f"{each.group} · " if len(groups) > 1 else "")
        + each.title
        + (f" ({NOT_HERE})" if reasons[each.key] is not None else "")
        for each in ordered
    }
    chosen = select(label, titles, key=key, help="Click and type to search.")
    return next(each for each in ordered if each.key == chosen), reasons[chosen]


def usual_attribution(model_key: str, head: int = 0) -> Analysis:
    """The heat map of an output that is shown where no method is chosen: the first that can be done."""
    outline = explorer().outline(model_key)
    return next(each for each in METHODS if each.inapplicable(outline, head) is None)


def draw_summary(analysis: Analysis, words: str | None = None) -> None:
    """What an analysis shows, and who thought of it; ``words`` explain the field's terms."""
    st.caption(f"{analysis.summary} {analysis.reference}.", help=words)


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


def row_of_results(
    calls: Sequence[Call],
    *,
    slot: str,
    doing: str,
    preview: Callable[[tuple[Any, ...]], None] | None = None,
    keep: Callable[[Any], Any] = lambda result: result,
) -> tuple[Any, ...] | None:
    """The results of several analyses in their order, or None while the progress of the row is drawn.

    Args:
        calls: what is computed.
        slot: the part of the page that waits; names its widgets.
        doing: what is done, for people, as Markdown.
        preview: draws the results that have been found so far.
        keep: gives what is needed of a result, so that a row does not hold more.
    """
    keys, known = [], []
    for call in calls:  # key and result together, since few models stay open
        keys.append(explorer().result_key(call.analysis, call.request, call.settings))
        found = explorer().known(call.analysis, call.request, call.settings)
        known.append(None if found is None else keep(found))
    return result_or_progress(
        Task(
            slot=slot,
            key=hashlib.sha256("".join(keys).encode()).hexdigest(),
            doing=doing,
            work=functools.partial(_row, calls, keep),
            result=tuple,
            known=lambda: None if any(each is None for each in known) else tuple(known),
            preview=None if preview is None else lambda found: preview(found or ()),
        )
    )


def _row(calls: Sequence[Call], keep: Callable[[Any], Any], progress: Progress) -> tuple[Any, ...]:
    found: list[Any] = []
    for index, call in enumerate(calls):
        part = progress.part(index, len(calls))
        # What a single analysis has to show on its way is no row.
        alone = Progress(tell=lambda share, _, part=part: part(share))
        found.append(keep(explorer().run(call.analysis, call.request, call.settings, alone)))
        part(1.0, tuple(found))
    return tuple(found)


def request_about(view: View, **about: Any) -> Request:
    """A request about the model and the photo of the page; ``about``: layer, head, class, channels."""
    return Request(model_key=view.model_key, image=view.photo.image(), **about)


def code_of(view: View, analysis: Analysis, request: Request, settings: Any = None) -> str:
    """The lines of Python that make a result of the page again, in a variable ``result``."""
    call = Call(analysis=analysis, request=request, settings=settings, picture=view.photo.path)
    return snippet(call, note=own_photo_note(view.photo))


def check_text(check: Check) -> str:
    """What a result was held against, as Markdown; ticked only where it holds."""
    icon = ":material/task_alt:" if check.holds is True else ":material/info:"
    apart = "" if check.figure is None else f" Difference {_figure(check.figure)}."
    sentence = MINUS.sub("\N{MINUS SIGN}", check.sentence)
    return f"{icon} {escape_markdown(sentence, longest=None)}{apart}"


def _figure(value: float) -> str:
    """A difference, as Markdown; what only rounding leaves over is not told in powers of ten."""
    return "\\<\N{NO-BREAK SPACE}0.001" if 0 < abs(value) < 0.0005 else short(value)
