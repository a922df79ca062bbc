"""A fault of ours: its number stands in the log and on the reader's screen, so that one leads to the other."""

from __future__ import annotations

import logging
import secrets

from flask import request

log = logging.getLogger("dashboards")


def incident(error: BaseException) -> str:
    """The number under which the error stands in the log."""
    number = secrets.token_hex(4).upper()
    log.error("incident %s at %s", number, request.path, exc_info=error)
    return number
