"""How much memory a piece of code takes, measured in a fresh process."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

PREAMBLE = """
import contextlib, resource, sys
sys.path[:0] = sys.argv[1:]
import bad_images
from cnn_core.errors import ImageError
from cnn_core.images.decode import decode_image

def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
"""


def peak_growth(code: str) -> int:
    """The bytes that ``code`` prints in a fresh process, whose peak no other test has raised."""
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", PREAMBLE + textwrap.dedent(code), str(root), str(root / "tests")]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
