"""Stable 63-bit numbers and 16-byte ids for things known by a text key, the same in Python and in the engine's SQL."""

from __future__ import annotations

import hashlib


def key_number(*parts: str) -> int:
    """63-bit id of a text key. Equals `number_sql` of the same parts (tested)."""
    digest = hashlib.md5("|".join(parts).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little") >> 1


def number_sql(text: str) -> str:
    """DuckDB expression of `key_number` for an expression that yields the parts joined by '|'."""
    return f"(md5_number_lower({text}) >> 1)::bigint"
