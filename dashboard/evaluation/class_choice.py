"""Which class of the network each class folder stands for: by its name, or as the person says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from cnn_core.datasets.factors import factor_values
from cnn_core.evaluation.class_matching import matched_classes
from dashboard.session import address
from dashboard.widgets.choosers import class_labels, class_tokens
from dashboard.widgets.markdown import escape_markdown
from dashboard.widgets.set_figures import pictures_text

LEFT_OUT = ""  # in the address, in place of a class
MOST_ASKED = 12  # folders that are asked about; whoever has more renames them
MOST_NAMED = 6
COLUMNS = 4
CLASS_HELP = "Which class of the network these pictures show; until it is said they are left out."


def choose_classes(counts: Mapping[str, int], classes: Sequence[str], head: str = "") -> dict[str, int]:
    """The class that each folder stands for; a folder called otherwise than all classes is asked about.

    Args:
        counts: pictures by the name of their folder.
        classes: names of the classes of the network.
        head: name of the output, see ``matched_classes``.

    Returns:
        Index of the class by the name of the folder, without those that are left out.
    """
    found = matched_classes(counts, classes, head)
    others = {name: count for name, count in counts.items() if name not in found}
    if others:
        found |= _asked(others, classes, matched=bool(found))
    st.markdown("  \n".join(matching_lines(counts, found, classes, head)))
    return found


def _asked(others: Mapping[str, int], classes: Sequence[str], *, matched: bool) -> dict[str, int]:
    """What the person says of the folders whose name is no class."""
    tokens = class_tokens(classes)
    titles = {LEFT_OUT: "Left out"} | dict(zip(tokens, class_labels(classes), strict=True))
    found = {}
    with st.expander(
        "Called like no class of the network", icon=":material/rule_folder:", expanded=not matched
    ):
        columns = st.columns(COLUMNS)
        for place, (folder, count) in enumerate(list(others.items())[:MOST_ASKED]):
            with columns[place % COLUMNS]:
                token = _class_of(f"{escape_markdown(folder)} ({count:,})", titles, key=f"eval_as_{folder}")
            if token != LEFT_OUT:
                found[folder] = tokens.index(token)
        if len(others) > MOST_ASKED:
            st.caption(
                f"The first {MOST_ASKED} of {len(others):,}. Rename the others like the classes they show."
            )
    return found


def _class_of(label: str, titles: Mapping[str, str], *, key: str) -> str:
    address.restore(key, address.titled(titles), LEFT_OUT)
    chosen = st.selectbox(label, list(titles), format_func=titles.__getitem__, key=key, help=CLASS_HELP)
    address.keep({key: chosen or None})
    return str(chosen)


def matching_lines(
    counts: Mapping[str, int], class_of: Mapping[str, int], classes: Sequence[str], head: str = ""
) -> list[str]:
    """Which folders are evaluated as what, which are left out, and which classes are not shown; Markdown."""
    named = {name: f"{escape_markdown(name)} ({count:,})" for name, count in counts.items()}
    by_value = [name for name in class_of if head in factor_values(name)]
    taken = [
        named[name] + _as_class(name, classes[index])
        for name, index in class_of.items()
        if name not in by_value
    ]
    for index in sorted({class_of[name] for name in by_value}):
        count = sum(counts[name] for name in by_value if class_of[name] == index)
        taken.append(f"{escape_markdown(classes[index])} ({count:,})")
    left = [words for name, words in named.items() if name not in class_of]
    shown = set(class_of.values())
    unseen = [escape_markdown(name) for index, name in enumerate(classes) if index not in shown]
    lines = []
    if taken:
        total = sum(counts[name] for name in class_of)
        lines.append(f":material/check: {pictures_text(total)}, by class: {_listed(taken)}.")
    else:
        lines.append(
            f":material/warning: Nothing in this folder is called like a class of the network "
            f"({_listed(unseen)}). Say what it shows, or name another data folder."
        )
    if taken and left:
        lines.append(f":material/warning: Left out, called like no class of the network: {_listed(left)}.")
    if taken and unseen:
        lines.append(f":material/info: No picture shows {_listed(unseen)}.")
    return lines


def _as_class(folder: str, name: str) -> str:
    """The class that a folder stands for, unless it is called so."""
    return "" if folder in matched_classes((folder,), (name,)) else f" as {escape_markdown(name)}"


def _listed(words: Sequence[str]) -> str:
    more = len(words) - MOST_NAMED
    return ", ".join(words[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
