"""Our own framework JSON (data/framework): `meta`, and `items` with id, parent, Chinese and English words, and what they map to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from portrait.competency import CHILD, Association, Frame, Item
from portrait.errors import InputError
from portrait.intake.case import LONGEST, acyclic

OWN_ITEMS = "items"


def own_frame(document: Mapping[str, Any], name: str) -> Frame:
    """The framework of a parsed file. Raises InputError naming file, item and path."""
    meta, listed = document.get("meta"), document.get(OWN_ITEMS)
    if (
        not isinstance(meta, dict)
        or not isinstance(meta.get("framework"), str)
        or not meta["framework"].strip()
    ):
        raise InputError("{file}：$.meta.framework 应为框架的名称", file=name)
    if not isinstance(listed, list):
        raise InputError("{file}：$.items 应为列表", file=name)
    title = meta["framework"].strip()
    items: list[Item] = []
    links: list[Association] = []
    seen: dict[str, int] = {}
    for place, body in enumerate(listed):
        at = f"$.items[{place}]"
        if not isinstance(body, dict):
            raise InputError("{file}：{at} 应为对象", file=name, at=at)
        key, words = _text(body, "id", at, name), _text(body, "zh", at, name)
        if key in seen:
            raise InputError(
                "{file}：{at}.id“{id}”和 $.items[{first}] 重复", file=name, at=at, id=key, first=seen[key]
            )
        seen[key] = place
        items.append(Item(key, key, words, "", body, str(body.get("en") or "")))
        parent = body.get("parent")
        if parent is not None:
            if not isinstance(parent, str):
                raise InputError("{file}：{at}.parent 应为上级的 id，或 null", file=name, at=at)
            links.append(Association(f"{key}<{parent}", CHILD, key, parent, None, {}))
        mapped = body.get("maps_to", [])
        if not isinstance(mapped, list) or not all(isinstance(one, str) and one for one in mapped):
            raise InputError("{file}：{at}.maps_to 应为一列 id", file=name, at=at)
        links += [Association(f"{key}~{one}", "isRelatedTo", key, one, None, {}) for one in mapped]
    for place, body in enumerate(listed):
        if body.get("parent") is not None and body["parent"] not in seen:
            raise InputError(
                "{file}：$.items[{place}].parent“{parent}”不是这个框架的条目（{id}）",
                file=name,
                place=place,
                parent=body["parent"],
                id=body["id"],
            )
    acyclic(
        {one.origin: [one.destination] for one in links if one.kind == CHILD},
        name,
        "$.items",
        {i: i for i in seen},
    )
    given = meta.get("identifier")
    identifier = (
        given if isinstance(given, str) and given else str(uuid5(NAMESPACE_URL, f"framework:{title}"))
    )
    rest = {key: value for key, value in document.items() if key != OWN_ITEMS}
    label = str(meta.get("version") or meta.get("year") or meta.get("issued") or "")
    return Frame(identifier[:LONGEST], title, label, "own", rest, tuple(items), tuple(links))


def _text(body: Mapping[str, Any], key: str, at: str, name: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > (LONGEST if key == "id" else 20_000):
        raise InputError("{file}：{at}.{key} 应为非空的文字", file=name, at=at, key=key)
    return value


def own_document(frame: Frame) -> dict[str, Any]:
    """The file again, as it was read."""
    return {**frame.document, OWN_ITEMS: [dict(item.body) for item in frame.items]}
