"""An error that nobody foresaw: it gets a number, under which it stands in the log and on the reader's screen."""

from __future__ import annotations

import logging
import secrets

from flask import has_request_context, request

log = logging.getLogger("dashboards")


def incident(error: BaseException, where: str = "") -> str:
    """The number of the error, which is in the log with it and with where it happened: at the address that was asked for, if
    nothing else is said."""
    number = secrets.token_hex(4).upper()
    where = where or (f"at {request.path}" if has_request_context() else "outside of a request")
    log.error("incident %s %s", number, where, exc_info=error)
    return number
