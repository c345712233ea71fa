"""What the scan of a data set finds: files that would hurt training, and the sizes of the pictures."""

from __future__ import annotations

import csv
import html
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn_core.datasets.scan.scan import PROBLEM_KINDS, Problem, ScanReport, without_problems
from cnn_core.datasets.source import source_name
from cnn_core.datasets.splits import Splits
from cnn_core.errors import ConvscopeError
from dashboard.figures.charts.size_chart import size_figure
from dashboard.run_setup.data_choice import source_code
from dashboard.run_setup.scan_job import scan_key, scan_report
from dashboard.session.resources import data_jobs
from dashboard.widgets.chart import chart
from dashboard.widgets.errors import show_errors
from dashboard.widgets.export_bar import Export, export_bar, file_name
from dashboard.widgets.gallery import Captioned, pictures_html, small_picture
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.style import theme

if TYPE_CHECKING:
    from cnn_core.datasets.source import DataSource

MOST_NAMED = 1000  # files of one kind in its scrolling list; the CSV file has them all
MOST_PAIRS = 6
NEAR_SHARE = 0.1  # of the pictures, from which the switch for near-duplicates is named
CSV_FIELDS = ("split", "class", "file", "finding", "left_out", "detail", "same_as", "path")
KINDS = {
    "unreadable": ("unreadable", "No picture, or of a kind that is not read."),
    "truncated": ("cut off", "The end of the file is missing; the lower part would be grey."),
    "duplicate": ("repeated", "The same picture again within a split would count double."),
    "leakage": (
        "leaking between splits",
        "The same picture in training and in validation or test: the network could know the answer by heart.",
    ),
    "tiny": ("tiny", "Too few pixels to show anything."),
    "non_rgb": ("not RGB", "Grey, palette or CMYK pictures."),
}
LABEL_CONFLICTS = (
    "nearly the same in two classes",
    "Both pictures stay. If they show the same thing, one of them lies in the wrong folder.",
)


def draw_scan(source: DataSource, splits: Splits) -> ScanReport | None:
    """Scan the files beside the page, then say what was found and what is left; None while it goes on."""
    report = scan_report(source, splits)
    if report is None:
        return None
    with show_errors():
        _draw_findings(splits, report, without_problems(splits, report))
    for kind in PROBLEM_KINDS:
        found = [problem for problem in report.problems if problem.kind == kind]
        if found:
            _draw_problems(KINDS[kind], found, opened=kind == "leakage")
    if report.label_conflicts:
        _draw_problems(LABEL_CONFLICTS, report.label_conflicts, opened=False)
    if report.problems or report.label_conflicts:
        _draw_list_export(source, report)
    if report.transient:
        _draw_scan_again(source, splits)
    return report


def draw_sizes(source: DataSource, report: ScanReport) -> None:
    """The size of every picture that could be read, as a point."""
    readable = {name: sizes[sizes.min(axis=1) > 0] for name, sizes in report.sizes_px.items()}
    if not any(len(sizes) for sizes in readable.values()):
        return
    st.subheader("Sizes")
    words = sizes_sentence(readable)
    chart(
        size_figure(readable, theme=theme()),
        key="sizes",
        name=file_name(source_name(source), "sizes"),
        alt=words,
    )
    st.caption(words)
    export_bar(scan_export(source, report), "sizes-export")


def scan_export(source: DataSource, report: ScanReport) -> Export:
    """All sizes, and the problems that were found."""
    found = report.problems
    return Export(
        name=file_name(source_name(source), "sizes"),
        arrays=lambda: {
            **{f"sizes_px_{name}": np.int64(sizes) for name, sizes in report.sizes_px.items()},
            "problem_kinds": np.array([problem.kind for problem in found], np.str_),
            "problem_paths": np.array([str(problem.path) for problem in found], np.str_),
        },
        code="from cnn_core import paths\nfrom cnn_core.datasets.scan.scan import scan\n"
        f"{source_code(source)}"
        f"report = scan(splits, paths.cache_folder() / 'scans', keep_non_rgb={source.keep_non_rgb},\n"
        f"              keep_near_duplicates={source.keep_near_duplicates})\n"
        "for name, sizes_px in report.sizes_px.items():\n"
        "    print(name, sizes_px.min(axis=0), sizes_px.max(axis=0))\n"
        "for problem in report.problems:\n"
        "    print(problem.kind, problem.path, problem.detail)\n",
    )


def _draw_findings(splits: Splits, report: ScanReport, left: Splits) -> None:
    before, after = len(splits.training.paths), len(left.training.paths)
    looked = f"{report.scanned:,} files looked into"
    if not report.problems:
        but = (
            f" {len(report.label_conflicts):,} should be looked at, see below."
            if report.label_conflicts
            else ""
        )
        st.success(
            f"{looked}: every one is a sound picture, and none appears twice.{but}",
            icon=":material/task_alt:",
        )
        return
    counts = Counter(problem.kind for problem in report.problems)
    kinds = ", ".join(f"{counts[kind]:,} {KINDS[kind][0]}" for kind in PROBLEM_KINDS if counts[kind])
    these = "It is" if len(report.problems) == 1 else "They are"
    st.warning(
        f"{looked}: {kinds}. {these} left out, so that {after:,} of {before:,} pictures are trained on."
        f"{_near_advice(report)}",
        icon=":material/rule:",
    )


def _near_advice(report: ScanReport) -> str:
    """The way out where so many pictures are nearly the same that the camera may not have moved."""
    near = sum(problem.near for problem in report.problems)
    if near < NEAR_SHARE * report.scanned:
        return ""
    return (
        f" {near:,} are only nearly the same as another of their class. If the camera did not move, switch "
        "**Leave out near-duplicates** off."
    )


def _draw_scan_again(source: DataSource, splits: Splits) -> None:
    st.warning(
        "Some files could not be read for a reason that may pass, such as too many open files.",
        icon=":material/sync_problem:",
    )
    st.button(
        "Look again",
        key="scan-anew",
        icon=":material/replay:",
        on_click=lambda: data_jobs().forget(scan_key(source, splits)),
    )


def _draw_problems(kind: tuple[str, str], found: Sequence[Problem], *, opened: bool) -> None:
    title, why = kind
    with st.expander(f"{len(found):,} {title}", icon=":material/report:", expanded=opened):
        st.caption(why)
        pairs = [problem for problem in found if problem.duplicate_of is not None]
        if pairs:
            st.html(_pairs_html(pairs[:MOST_PAIRS]))
        st.html(_names_html(found[:MOST_NAMED]))
        if len(found) > MOST_NAMED:
            st.caption(f"And {len(found) - MOST_NAMED:,} more; the list beneath has them all.")


def _pairs_html(pairs: Sequence[Problem]) -> str:
    pictures = []
    for problem in pairs:
        pictures.append(_captioned(problem.path, problem.split))
        if problem.duplicate_of is not None:
            pictures.append(_captioned(problem.duplicate_of, problem.duplicate_split or ""))
    return pictures_html(pictures, columns=6)


def _captioned(path: Path, where: str) -> Captioned:
    caption = f"{where}: {path.name}" if where else path.name
    try:
        return Captioned(jpeg=small_picture(path), alt=caption, caption=caption)
    except (ConvscopeError, OSError):
        return Captioned(jpeg=b"", alt=f"{caption}, cannot be shown", caption=caption)


def _draw_list_export(source: DataSource, report: ScanReport) -> None:
    st.download_button(
        "List of all these files",
        lambda: findings_csv(report),
        file_name=file_name(source_name(source), "findings") + ".csv",
        mime="text/csv",
        key="findings-csv",
        on_click="ignore",
        icon=":material/table:",
        help="CSV with a line per file: what was found, and whether it is left out.",
    )


def findings_csv(report: ScanReport) -> str:
    """A line per file that is left out or doubtful, with a head."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(CSV_FIELDS)
    for left_out, found in (("yes", report.problems), ("no", report.label_conflicts)):
        for problem in found:
            path, duplicate_of = problem.path, problem.duplicate_of
            same_as = (
                ""
                if duplicate_of is None
                else f"{problem.duplicate_split}: {duplicate_of.parent.name}/{duplicate_of.name}"
            )
            named = (problem.kind, left_out, problem.detail, same_as, path)
            lines.writerow([problem.split, path.parent.name, path.name, *named])
    return text.getvalue()


def _names_html(problems: Sequence[Problem]) -> str:
    rows = "".join(
        f"<tr><td style='overflow-wrap:normal'>{html.escape(problem.split)}</td>"
        f"<td>{html.escape(problem.path.parent.name)}/{html.escape(problem.path.name)}</td>"
        f"<td>{html.escape(problem.detail)}</td></tr>"
        for problem in problems
    )
    return f"<div class='counts'><table><tbody>{rows}</tbody></table></div>"


def sizes_sentence(sizes_px: Mapping[str, NDArray[Any]]) -> str:
    """How large the pictures ``(n, 2)`` of all splits are, in one sentence."""
    sizes = np.concatenate(list(sizes_px.values()))
    (least_w, least_h), (most_w, most_h) = sizes.min(axis=0), sizes.max(axis=0)
    middle_w, middle_h = np.median(sizes, axis=0)
    return escape_markdown(
        f"Widths from {least_w} to {most_w} px, heights from {least_h} to {most_h} px, half of them wider "
        f"than {middle_w:.0f} and higher than {middle_h:.0f} px. Training brings all to one square.",
        longest=None,
    )
