"""What runs are called, in lists and terminals; files that anybody may have written are not trusted."""

from __future__ import annotations

import unicodedata

LONGEST_TITLE = 120
SIGNLESS = frozenset({"Cc", "Cs"})  # control codes steer a terminal, lone surrogates break UTF-8


def readable(title: object) -> str:
    """A title on one line, without what no font has a sign for, short enough for a list; empty for none."""
    text = title if isinstance(title, str) else ""
    spaced = "".join(" " if unicodedata.category(sign) in SIGNLESS else sign for sign in text)
    words = " ".join(spaced.split())
    return words if len(words) <= LONGEST_TITLE else f"{words[: LONGEST_TITLE - 1].rstrip()}…"
