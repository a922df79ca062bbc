"""The name of a code of data/code/ in the reader's language; an unknown code stands for itself."""

from __future__ import annotations

from dashboards.language import current, gettext
from portrait.resource import read_code


def code_name(name: str, code: str) -> str:
    row = read_code(name).get(code)
    if row is None:
        return code
    return (row.get("en") if current() == "en" else None) or row["zh"]


def code_names(name: str, codes: tuple[str, ...] | list[str], none: str = "") -> str:
    """Names in a row; `none` where there is no code."""
    return gettext("、").join(code_name(name, code) for code in codes) or none
