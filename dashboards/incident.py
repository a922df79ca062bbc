"""An error that nobody foresaw: it gets a number, under which it stands in the log and on the reader's screen."""

from __future__ import annotations

import logging
import secrets

from flask import has_request_context, request

log = logging.getLogger("dashboards")


def incident(error: BaseException) -> str:
    """The number of the error, which is in the log with it."""
    number = secrets.token_hex(4).upper()
    where = request.path if has_request_context() else "-"
    log.error("incident %s at %s", number, where, exc_info=error)
    return number
