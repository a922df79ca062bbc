"""The standard a portrait is drawn against: eight dimensions and the indicators under them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from portrait.resource import DATA, read_yaml


@dataclass(frozen=True)
class Node:
    """A dimension (P2) or an indicator (P2.1). `display` is level, record-only or evidence list."""

    code: str
    dimension: str
    zh: str
    en: str
    display: str
    maps_to: tuple[str, ...]
    status: str

    @property
    def scored(self) -> bool:
        return self.display == "level"


@cache
def dimensions() -> dict[str, Node]:
    items = json.loads((DATA / "framework/portrait_recommended_v0.json").read_text(encoding="utf-8"))["items"]
    return {
        i["code"]: Node(
            i["code"], i["code"], i["zh"], i["en"], i["display_mode"], tuple(i["maps_to"]), i["status"]
        )
        for i in items
    }


@cache
def indicators() -> dict[str, Node]:
    return {
        i["code"]: Node(
            i["code"],
            i["dimension"],
            i["zh"],
            i["en"],
            dimensions()[i["dimension"]].display,
            tuple(i["maps_to"]),
            "proposal",
        )
        for i in read_yaml("framework/indicator.yaml")["indicators"]
    }


def indicators_of(dimension: str) -> list[Node]:
    return [node for node in indicators().values() if node.dimension == dimension]
