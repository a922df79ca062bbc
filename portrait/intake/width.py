"""Full-width digits and letters as plain ones, in Python and in the engine's SQL alike: some pages write keys so, their exports do not."""

from __future__ import annotations

_PLAIN = "".join(chr(code) for low, high in ("09", "AZ", "az") for code in range(ord(low), ord(high) + 1))
_WIDE = "".join(chr(ord(sign) + 0xFEE0) for sign in _PLAIN)
_NARROWER = str.maketrans(_WIDE, _PLAIN)


def narrow(text: str) -> str:
    return text.translate(_NARROWER)


def narrow_sql(text: str) -> str:
    """SQL of `narrow` for an expression that yields a text."""
    return f"(CASE WHEN strlen({text}) = length({text}) THEN {text} ELSE translate({text}, '{_WIDE}', '{_PLAIN}') END)"
