"""Which of the reader's own classes a page is about: named by the address, checked against the Scope, changed by one control."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, html, no_update

from dashboards.language import gettext
from dashboards.page import Context, whole
from dashboards.part.card import card
from dashboards.part.classes import stage_badge
from dashboards.part.state import empty_state
from portrait.errors import AccessRefused
from portrait.programme.training_class import STAGE_ZH, Stage
from portrait.store.training import Ask, ClassCount, class_counts

ORDER = (Stage.RUNNING, Stage.AHEAD, Stage.ENDED, Stage.UNSCHEDULED)


def own_classes(context: Context) -> list[ClassCount]:
    """The reader's classes: running ones first, then those to come, then the newest that ended."""
    counts = class_counts(context.site.registry, context.scope, Ask(), context.today)

    def order(count: ClassCount) -> tuple[int, int, str]:
        one = count.training_class
        stage = one.stage(context.today)
        day = (one.starts or date.min).toordinal()
        return ORDER.index(stage), day if stage is Stage.AHEAD else -day, one.name

    return sorted(counts, key=order)


def chosen_class(
    counts: Sequence[ClassCount], query: Mapping[str, str], *prefer: Stage, as_of: date
) -> ClassCount | None:
    """The class that the address names, else the first in a preferred stage, else the first of all.

    A class of somebody else is refused in the words of one that does not exist.
    """
    if query.get("class"):
        number = whole(query, "class")
        found = next((c for c in counts if c.training_class.id == number), None)
        if found is None:
            raise AccessRefused("没有这个班次，或者它不是本单位的班次")
        return found
    preferred = [c for c in counts if c.training_class.stage(as_of) in prefer]
    return next(iter([*preferred, *counts]), None)


def class_choice(path: str, counts: Sequence[ClassCount], chosen: ClassCount, as_of: date) -> Any:
    """The control; `register_choice` makes it act."""
    return html.Div(
        [
            dmc.Select(
                id=f"{_kind(path)}-class",
                data=[
                    {
                        "value": str(c.training_class.id),
                        "label": gettext(
                            "{name}（{said}）",
                            name=c.training_class.name,
                            said=gettext(STAGE_ZH[c.training_class.stage(as_of)]),
                        ),
                    }
                    for c in counts
                ],
                value=str(chosen.training_class.id),
                allowDeselect=False,
                searchable=True,
                nothingFoundMessage=gettext("没有这个班次"),
                className="class-choice",
                **{"aria-label": gettext("选择班次")},
            ),
            stage_badge(chosen.training_class.stage(as_of)),
        ],
        className="filters",
    )


def register_choice(app: Any, context: Callable[[], Context], path: str) -> None:
    @app.callback(
        Output("url", "search", allow_duplicate=True),
        Input(f"{_kind(path)}-class", "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def choose(value: str | None, search: str | None) -> Any:
        context()
        if not value or not value.isascii() or not value.isdigit():
            return no_update
        wanted = f"?class={value}"
        # The control says again what the page shows; only another class is news.
        return no_update if wanted == (search or "") else wanted


def no_classes(title: str) -> Any:
    return card(
        title,
        "",
        empty_state(
            gettext("本单位还没有班次"),
            gettext("项目办下达名额、管理员导入班次和学员名单以后，这里就有内容。"),
            icon_name="class",
        ),
    )


def _kind(path: str) -> str:
    return path.strip("/").replace("/", "-")
