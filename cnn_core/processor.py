"""What the processor is good at."""

from __future__ import annotations

import functools
from pathlib import Path


@functools.cache
def fast_precision() -> str:
    """``mixed_bfloat16`` where the processor multiplies in bfloat16, else ``float32``."""
    cpu = Path("/proc/cpuinfo")
    flags = cpu.read_text(errors="replace") if cpu.exists() else ""
    return "mixed_bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else "float32"
