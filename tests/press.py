"""Presses, choices and clicks on a page without a screen: one callback of the app, asked as the renderer would ask it."""

from __future__ import annotations

import json
from typing import Any


def written(id: Any) -> str:
    """An id as it stands in `changedPropIds`: a pattern as sorted JSON."""
    return json.dumps(id, sort_keys=True, separators=(",", ":")) if isinstance(id, dict) else str(id)


def ask(browser: Any, id: Any, property: str, value: Any, *, changes: str, **state: Any) -> Any:
    """The answer of the callback that hears `id.property` and changes the component `changes`.

    `state` gives the values of other components by id, dashes as underscores; those of a pattern by its `type`, as a list of
    (id, value), or the value alone where the pattern matches what was pressed. What is not given is empty.
    """
    listed = _listed(browser, id, property, changes)
    one = {"id": id, "property": property, "value": value}
    return browser.callback(
        listed["output"],
        [_filled(each, state, id, one) for each in listed["inputs"]],
        [_filled(each, state, id) for each in listed["state"]],
        outputs=outputs_of(listed, id),
        changed=[f"{written(id)}.{property}"],
    )


def outputs_of(listed: Any, id: Any = "") -> Any:
    """What a callback changes, in the form the renderer sends; `id` is the component that was pressed."""
    parts = [part.rsplit(".", 1) for part in listed["output"].strip(".").split("...")]
    outputs = [{"id": _matched(one, id), "property": property} for one, property in parts]
    return outputs if len(outputs) > 1 else outputs[0]


def _matched(pattern: str, id: Any) -> Any:
    """The component beside `id` that a pattern with MATCH means."""
    if "MATCH" not in pattern:
        return pattern
    given = id if isinstance(id, dict) else {}
    return {key: given.get(key, "") if one == ["MATCH"] else one for key, one in json.loads(pattern).items()}


def shown(answer: Any) -> str:
    """All that an answer changes on the page, as JSON with Chinese in plain letters."""
    assert answer.status_code in (200, 204), answer.text
    return json.dumps(answer.get_json(silent=True), ensure_ascii=False)


def _listed(browser: Any, id: Any, property: str, changes: str) -> Any:
    for listed in browser.app._callback_list:
        if changes not in listed["output"]:
            continue
        for heard in listed["inputs"]:
            if heard["property"] == property and _fits(heard["id"], id):
                return listed
    raise AssertionError(f"没有回调听 {id}.{property} 并改 {changes}")


def _fits(pattern: str, id: Any) -> bool:
    if not pattern.startswith("{"):
        return pattern == id
    asked = json.loads(pattern)
    return (
        isinstance(id, dict)
        and asked.keys() == id.keys()
        and all(one in (["ALL"], ["MATCH"]) or one == id[key] for key, one in asked.items())
    )


def _filled(listed: Any, state: dict[str, Any], pressed: Any, one: Any = None) -> Any:
    id, property = listed["id"], listed["property"]
    if not id.startswith("{"):
        if one is not None and one["id"] == id and one["property"] == property:
            return one
        return {"id": id, "property": property, "value": state.get(id.replace("-", "_"))}
    if "MATCH" in id:
        meant = _matched(id, pressed)
        value = meant if property == "id" else state.get(meant["type"].replace("-", "_"))
        return (
            one
            if one is not None and one["id"] == meant
            else {"id": meant, "property": property, "value": value}
        )
    if one is not None and _fits(id, one["id"]) and one["property"] == property:
        return [one]
    given = state.get(json.loads(id)["type"].replace("-", "_"), [])
    return [
        {"id": each, "property": property, "value": each if property == "id" else value}
        for each, value in given
    ]
