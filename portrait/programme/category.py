"""The twelve project categories of the notice and the office that answers for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from portrait.resource import read_code

PLANS = ("国培计划", "省培计划")


@dataclass(frozen=True)
class Category:
    code: str
    plan: str
    zh: str
    en: str
    office: str  # OFFICE_A | OFFICE_B | OFFICE_C


@cache
def categories() -> dict[str, Category]:
    """All categories by code, in the order of the notice."""
    return {
        code: Category(code, row["plan"], row["zh"], row["en"], row["office"][: len("OFFICE_A")])
        for code, row in read_code("project_categories").items()
    }


def categories_of(office: str = "", plan: str = "") -> tuple[str, ...]:
    """Codes of an office and a plan; "" stands for all."""
    return tuple(
        category.code
        for category in categories().values()
        if office in ("", category.office) and plan in ("", category.plan)
    )
