"""What servers write to their log, numbers of people masked: an error may quote the row that it met."""

from __future__ import annotations

import logging

from portrait.identity import hidden


class Veiled(logging.Formatter):
    """A line of the log, the course of an error with it, as anybody may read it."""

    def format(self, record: logging.LogRecord) -> str:
        return hidden(super().format(record))


def open_journal() -> None:
    """Write warnings and errors to stderr, unless somebody has set up a log of their own."""
    handler = logging.StreamHandler()
    handler.setFormatter(Veiled())
    logging.basicConfig(handlers=[handler])
