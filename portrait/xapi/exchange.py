"""One request and its answer, without a server: what the resources are written against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from portrait.store.credential import Credential

JSON = "application/json"


@dataclass(frozen=True)
class Request:
    """A request as the resources see it: signed in, its version known, parameters and headers decoded.

    `version` is 1.0.3 or 2.0.0, whose rules hold; header names are lower case.
    """

    method: str
    path: str  # below the mount, like /statements
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    version: str
    credential: Credential

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def type(self) -> str:
        """The body's media type, without its parameters."""
        return self.header("content-type").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Answer:
    """Status, headers and body. HEAD is answered by whoever leaves the body out."""

    status: int
    body: bytes = b""
    type: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=())


# What was too large may come again at once, in smaller pieces.
IN_PIECES = (("Retry-After", "1"),)


class Refusal(Exception):
    """Raised for a request that is not done, with the status that says why."""

    def __init__(self, status: int, reason: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers

    def answer(self) -> Answer:
        return Answer(self.status, orjson.dumps({"error": self.reason}), JSON, self.headers)


def answer_json(value: Any, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(200, orjson.dumps(value), JSON, headers)


def parse_json(body: bytes, what: str) -> Any:
    """Raises Refusal 400 for what is no JSON in UTF-8."""
    try:
        return orjson.loads(body)
    except (orjson.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"{what} is not JSON in UTF-8: {error}") from None
