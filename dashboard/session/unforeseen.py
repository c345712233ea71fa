"""What a person reads when Convscope itself made a mistake, and the log for the rest."""

from __future__ import annotations

import logging

_LOG = logging.getLogger(__name__)
UNFORESEEN = (
    "This view could not be made because of a mistake in Convscope itself. The log of the server "
    "has the details; everything else goes on working."
)


def log_failure(what: str) -> None:
    """Write the exception that is being handled to the log of the server."""
    _LOG.exception(what)
