"""The reason why a statement, a document or a request is not what the specification asks for, and where it is so."""

from __future__ import annotations

import json
import re

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def step(key: object) -> str:
    """A property's part of a path: its name, or quoted in brackets where a name cannot stand for itself."""
    text = str(key)
    return text if _PLAIN.fullmatch(text) else f"[{json.dumps(text)}]"


class Invalid(ValueError):
    """Raised when something is not valid. In English, since the readers are programs and those who write them.

    `path` leads to the offending value (`context.contextActivities.parent[0].id`, empty for the whole); `reason` is short and
    never repeats the value, which may be anything.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def at(self, prefix: str) -> Invalid:
        """The same with a path that begins further up, `at("[3]")` for the fourth of a batch."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{prefix}{joint}{self.path}"
        self.args = (self.path, self.reason)
        return self

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


def wrong(value: object, wanted: str) -> Invalid:
    """For a value of another type than the one wanted, a phrase such as “a string”."""
    return Invalid("", "must not be null" if value is None else f"must be {wanted}")
