"""Words of others inside our Markdown: file names, class names, layer names."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:^=-])")
LONGEST = 60


def escape_markdown(text: str, *, longest: int | None = LONGEST) -> str:
    """Text that Markdown shows as it is, shortened in the middle if it is longer than ``longest``."""
    line = " ".join(text.split())
    if longest is not None and len(line) > longest:
        line = f"{line[: longest - 16]}…{line[-15:]}"
    return _SPECIAL.sub(r"\\\1", line)
