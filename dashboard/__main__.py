"""The server: ``python -m dashboard``, with the options of ``streamlit run``.

The same as ``streamlit run app.py``, except that the framework loads from the start on and not from the first
visit, for which somebody would have to wait.
"""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

from streamlit.web import cli

APP = Path(__file__).resolve().parent.parent / "app.py"
WITHOUT_A_PAGE = "streamlit.runtime.scriptrunner_utils.script_run_context"  # warns of work outside a page


def main() -> None:
    """Start the server, and get ready beside it."""
    logging.getLogger(WITHOUT_A_PAGE).setLevel(logging.ERROR)
    threading.Thread(target=_warm_up, name="convscope-start", daemon=True).start()
    cli.main(["run", str(APP), *sys.argv[1:]], prog_name="streamlit")


def _warm_up() -> None:
    from dashboard.session import warm_up  # here, so that the server does not wait for it

    warm_up.serving.set()
    warm_up.warm_up()


if __name__ == "__main__":
    main()
