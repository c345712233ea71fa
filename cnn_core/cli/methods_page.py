"""The page of the documentation about all analyses, written from their values.

Run it after every change of one::

    python -m cnn_core.cli.methods_page > docs/methods.md
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from itertools import groupby

from cnn_core.analyses import all_analyses
from cnn_core.analysis import Analysis
from cnn_core.cli.methods import default_text, needs_text, range_text

INTRODUCTION = """\
# Methods

Written by `python -m cnn_core.cli.methods_page` from the analyses themselves. Each runs on its page, in a
notebook by `explorer.run(analysis_named(KEY), Request(...))`, and in a shell by `python -m cnn_core run KEY`.
"""


def methods_page() -> str:
    """The page as Markdown."""
    parts = [INTRODUCTION]
    for group, analyses in groupby(all_analyses(), key=lambda analysis: analysis.group):
        parts.append(f"## {group}\n")
        parts += [_section(analysis) for analysis in analyses]
    return "\n".join(parts)


def _section(analysis: Analysis) -> str:
    parts = [
        f"### {analysis.title}",
        f"{analysis.summary} *{analysis.reference}.*",
        _idea(analysis),
        f"Key `{analysis.key}`, version {analysis.version}. Needs {needs_text(analysis)}."
        f"{' Signed: negative values speak against the class.' if analysis.signed else ''}",
        _settings_table(analysis),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _idea(analysis: Analysis) -> str:
    """What the docstring of the computation says before its arguments, each paragraph on one line."""
    text = inspect.getdoc(analysis.compute) or ""
    before = re.split(r"\n(?:Args|Returns|Raises|Reference):\n", text)[0]
    paragraphs = [" ".join(paragraph.split()) for paragraph in before.split("\n\n")]
    return "\n\n".join(paragraphs).replace("``", "`").strip()


def _settings_table(analysis: Analysis) -> str:
    fields = dataclasses.fields(analysis.settings)
    if not fields:
        return ""
    rows = [
        f"| {field.metadata['label']} | `{field.name}` | {default_text(field)} | {range_text(field)} | "
        f"{field.metadata['help']} |"
        for field in fields
    ]
    return "\n".join(["| setting | name | default | range | |", "| --- | --- | --- | --- | --- |", *rows])


if __name__ == "__main__":
    sys.stdout.write(methods_page())
