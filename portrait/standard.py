"""The standard for a post: the level that a teacher of a title is expected to show."""

from __future__ import annotations

from dataclasses import dataclass

from portrait.resource import read_yaml


@dataclass(frozen=True)
class Standard:
    level: float
    title: (
        str  # code of data/code/titles_teacher.csv; "" = the default, for a title that the rule does not name
    )
    version: str
    status: str
    cite: str


def standard_of(title: str) -> Standard:
    """The standard of a title code (T0..T5); the default for an unknown title."""
    said = read_yaml("rules/standard.yaml")
    known = title in said["by_title"]
    return Standard(
        float(said["by_title"][title] if known else said["default"]),
        title if known else "",
        said["version"],
        said["status"],
        said["cite"],
    )
