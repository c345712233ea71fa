"""What the processor is good at."""

from __future__ import annotations

import functools
import os
from pathlib import Path

FULL_PRECISION = "float32"


def fast_precision() -> str:
    """``mixed_bfloat16`` where the processor multiplies in bfloat16, else ``float32``.

    ``CONVSCOPE_PRECISION=float32`` wins.
    """
    return FULL_PRECISION if os.environ.get("CONVSCOPE_PRECISION") == FULL_PRECISION else _fastest()


@functools.cache
def _fastest() -> str:
    cpu = Path("/proc/cpuinfo")
    flags = cpu.read_text(errors="replace") if cpu.exists() else ""
    return "mixed_bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else FULL_PRECISION
