"""Trainees by name, for readers whose Scope lists them: where each stands and a grid of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from dashboards.language import gettext
from dashboards.part.grid import grid
from dashboards.part.place import place_name
from portrait.programme.training_class import Stage, TrainingClass
from portrait.store.trainee import Trainee


def trainee_state(one: TrainingClass, trainee: Trainee, as_of: date) -> str:
    """Where a trainee stands in a class, in words."""
    if trainee.graduated and trainee.graduated <= as_of:
        return gettext("已结业")
    if trainee.left and trainee.left <= as_of:
        return gettext("中途退出")
    if trainee.confirmed is None or trainee.confirmed > as_of:
        return gettext("未确认")
    stage = one.stage(as_of)
    here = trainee.checked_in is not None and trainee.checked_in <= as_of
    if stage is Stage.ENDED:
        return gettext("未结业") if here else gettext("未报到")
    if here:
        return gettext("在训")
    return gettext("应到未到") if stage is Stage.RUNNING else gettext("待报到")


def nomination_grid(
    id: str,
    rows: Sequence[tuple[TrainingClass, Trainee]],
    as_of: date,
    *,
    place: bool = False,
    school: bool = True,
) -> Any:
    """Nominated teachers with their classes."""
    columns = [
        {"field": "name", "headerName": gettext("姓名"), "width": 110, "pinned": "left", "filter": True},
        {"field": "state", "headerName": gettext("状态"), "width": 132, "filter": True},
        {"field": "class", "headerName": gettext("班次"), "minWidth": 220, "filter": True, "flex": 2},
        *(
            [{"field": "school", "headerName": gettext("学校"), "minWidth": 180, "filter": True, "flex": 1}]
            if school
            else []
        ),
        *(
            [{"field": "place", "headerName": gettext("选派地区"), "minWidth": 110, "filter": True}]
            if place
            else []
        ),
        {"field": "provider", "headerName": gettext("承训单位"), "minWidth": 180, "filter": True, "flex": 1},
        {"field": "starts", "headerName": gettext("开班"), "width": 112},
        {"field": "confirmed", "headerName": gettext("确认"), "width": 112},
        {"field": "checked_in", "headerName": gettext("报到"), "width": 112},
        {"field": "graduated", "headerName": gettext("结业"), "width": 112},
        {"field": "reason", "headerName": gettext("原因"), "minWidth": 130, "flex": 1},
    ]
    data = [
        {
            "name": gettext(trainee.name),
            "state": trainee_state(one, trainee, as_of),
            "class": one.name,
            "school": trainee.school,
            "place": place_name(trainee.region),
            "provider": one.provider,
            "starts": _iso(one.starts),
            "confirmed": _iso(trainee.confirmed),
            "checked_in": _iso(trainee.checked_in),
            "graduated": _iso(trainee.graduated),
            "reason": trainee.reason,
        }
        for one, trainee in rows
    ]
    return grid(
        id,
        columns,
        data,
        page_size=20,
        columnSize=None,
        spare=("confirmed", "graduated", "checked_in", "place", "provider"),
    )


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
