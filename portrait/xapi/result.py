"""With which outcome: result and score (xAPI 1.0.3 part two, 2.4.5)."""

from __future__ import annotations

from typing import Any

from portrait.xapi.invalid import Invalid
from portrait.xapi.scalar import boolean, duration, extensions, number, string
from portrait.xapi.shape import record

_score = record("a score", dict.fromkeys(("scaled", "raw", "min", "max"), number))


def score(value: Any) -> None:
    """Numbers in order: scaled within -1 and 1, raw within min and max, min below max."""
    _score(value)
    scaled, raw, least, most = map(value.get, ("scaled", "raw", "min", "max"))
    if scaled is not None and not -1 <= scaled <= 1:
        raise Invalid("scaled", "must be between -1 and 1")
    if least is not None and most is not None and least >= most:
        raise Invalid("min", "must be less than max")
    if raw is not None:
        if least is not None and raw < least:
            raise Invalid("raw", "must not be less than min")
        if most is not None and raw > most:
            raise Invalid("raw", "must not be greater than max")


result = record(
    "a result",
    {
        "score": score,
        "success": boolean,
        "completion": boolean,
        "response": string,
        "duration": duration,
        "extensions": extensions,
    },
)
