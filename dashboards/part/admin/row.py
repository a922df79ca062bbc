"""Quarantined rows: where each stood, what is wrong with it, what was decided; one of them with its cells to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.language import current, gettext
from dashboards.part import badge, facts, format, grid
from dashboards.part.admin.word import MEANINGS, ROW_STATES, reason_name, source_name, target_name
from portrait.intake.judge import offending
from portrait.intake.raw import TEXT_KEY
from portrait.site import Site
from portrait.store.quarantine import Quarantined

SHORT = 70  # characters of a reason in the grid; all of it is in the drawer
GLANCE = 110  # characters of a row as it came in the grid: three or four lines
LONG = 60  # characters from which a cell gets several lines
TONES = {"open": "thin", "replayed": "good", "dismissed": "none"}


def row_grid(id: str, site: Site, rows: Sequence[Quarantined], *, one_batch: bool = False) -> Any:
    """Rows with their reason; a click opens one. Of one batch, what is the same in every row is left out."""
    hidden = {"hide": one_batch}
    wide = {"flex": 2, "wrapText": True, "autoHeight": True, "cellClass": "wrapped"}
    return grid(
        id,
        [
            {"field": "line", "headerName": gettext("行"), "type": "numericColumn", "width": 84, "minWidth": 70},
            {"field": "reason", "headerName": gettext("原因"), "minWidth": 220, "tooltipField": "whole", **wide},
            {"field": "raw", "headerName": gettext("原样"), "minWidth": 220, "tooltipField": "raw", **wide},
            {"field": "file", **hidden, "headerName": gettext("文件与表"), "minWidth": 170, "flex": 1, "tooltipField": "file"},
            {"field": "source", **hidden, "headerName": gettext("来源"), "minWidth": 140, "flex": 1, "tooltipField": "source"},
            {"field": "batch", **hidden, "headerName": gettext("批次"), "width": 88, "minWidth": 88},
            {"field": "column", "headerName": gettext("列"), "width": 120, "minWidth": 100},
            {"field": "state", "headerName": gettext("状态"), "width": 110, "minWidth": 100},
        ],
        [row_cells(site, one) for one in rows],
        options={"tooltipShowDelay": 300, "rowClass": "clickable"},
        title="reason",
        spare=("source", "state", "file"),
        columnSize=None,
        getRowId="params.data.key",
    )  # fmt: skip


def row_cells(site: Site, one: Quarantined) -> Mapping[str, Any]:
    return {
        "key": str(one.id),
        "line": one.row,
        "column": one.column or gettext("整行"),
        "reason": _short(one),
        "whole": one.reason,
        "raw": _cut(gettext("，").join(value for value in one.raw.values() if value)),
        "file": place(one),
        "source": source_name(site, one.source),
        "batch": one.batch,
        "state": gettext(ROW_STATES.get(one.state, one.state)),
    }


def _cut(text: str) -> str:
    return text if len(text) <= GLANCE else f"{text[:GLANCE]}…"


def _short(one: Quarantined) -> str:
    """What is wrong, in one line. The sentence is kept in Chinese: another language says of which kind it is."""
    if current() != "zh":
        return reason_name(one.code)
    return one.reason if len(one.reason) <= SHORT else f"{one.reason[:SHORT]}…"


def meaning(one: Quarantined) -> str:
    """What is wrong, in the reader's language: the row's own sentence in Chinese, what its reason means in another."""
    return meant(one.code, one.column, one.reason)


def meant(code: str, column: str, reason: str) -> str:
    """The same of any row that was refused, taken in or only looked at."""
    if current() == "zh" or code not in MEANINGS:
        return reason
    said, column = gettext(MEANINGS[code]), column or gettext("整行")
    text = offending(reason)
    if not text:
        return gettext("{column}：{meaning}", column=column, meaning=said)
    return gettext("{column}（“{text}”）：{meaning}", column=column, text=text, meaning=said)


def place(one: Quarantined) -> str:
    """File, and sheet where there is one."""
    return f"{one.file} · {one.sheet}" if one.sheet else one.file


def row_body(site: Site, one: Quarantined, at: str, said: Any = None) -> Any:
    """One row in the drawer, opened from the grid `<at>-rows`. `said` is what the last try gave."""
    why = meaning(one)
    return html.Div(
        [
            _told(said) if one.state != "open" else None,
            html.P(
                [
                    badge(reason_name(one.code), "thin"),
                    " ",
                    why if one.state == "open" else gettext("当时的问题：{reason}", reason=why),
                ],
                className="row-reason",
            ),
            html.P(gettext("原文：{reason}", reason=one.reason), className="quiet")
            if why != one.reason
            else None,
            facts(_facts(site, one)),
            _form(one, at, said) if one.state == "open" else _cells(one),
        ],
        className="behind",
        key=f"row-{one.id}",
    )


def _facts(site: Site, one: Quarantined) -> list[tuple[str, Any]]:
    listed: list[tuple[str, Any]] = [
        (gettext("来源"), source_name(site, one.source)),
        (gettext("是什么"), target_name(one.target)),
        (
            gettext("在文件里的位置"),
            gettext(
                "{place}，第 {line} 行，{column}",
                place=place(one),
                line=one.row,
                column=gettext("列“{c}”", c=one.column) if one.column else gettext("整行"),
            ),
        ),
        (gettext("批次"), dmc.Anchor(str(one.batch), href=f"/intake?batch={one.batch}")),
        (
            gettext("状态"),
            badge(gettext(ROW_STATES.get(one.state, one.state)), TONES.get(one.state, "plain")),
        ),
    ]
    if one.mended:
        listed.append((gettext("改正"), gettext("有人改过其中的格")))
    if one.replay:
        listed.append(
            (gettext("重放的批次"), dmc.Anchor(str(one.replay), href=f"/intake?batch={one.replay}"))
        )
    if one.decided_by:
        listed.append(
            (gettext("由谁、何时"), f"{one.decided_by} · {format.moment(one.decided_at)}"),
        )
    return listed


def _cells(one: Quarantined) -> Any:
    return html.Div(
        [
            html.H3(gettext("改正以后") if one.mended else gettext("原样")),
            facts([(name, value or format.NOTHING) for name, value in one.raw.items()]),
        ],
        className="contest-box",
    )


def _form(one: Quarantined, at: str, said: Any) -> Any:
    """The cells as they came, to be mended, and what can be done. The row is read again by its number, not from here."""
    return html.Div(
        [
            html.H3(gettext("改正以后，可以再改") if one.mended else gettext("原样，可以改正")),
            html.Div(
                [_cell(one, at, index, name, value) for index, (name, value) in enumerate(one.raw.items())],
                className="row-cells",
            ),
            # Beside the buttons: on a phone the top of the drawer is out of sight when one is pressed.
            _told(said),
            html.Div(
                [
                    _button(one, at, "mend", gettext("改正后重放"), "filled"),
                    _button(one, at, "replay", gettext("重放"), "default"),
                    _button(one, at, "dismiss", gettext("不再处理"), "default"),
                ],
                className="answers",
            ),
            html.P(
                gettext(
                    "重放：用现在的映射和名单再读原来的行。改正后重放：读上面改过的值；打了 * 的号码没有改就仍用原来的。"
                    "不再处理：行留在这里作为记录，不再入库。"
                ),
                className="quiet",
            ),
        ],
        className="contest-box",
    )


def _told(said: Any) -> Any:
    return html.Div(said, role="status", className="row-said") if said is not None else None


def _cell(one: Quarantined, at: str, index: int, name: str, value: str) -> Any:
    faulty = name == one.column or name in one.column.split("、")
    shared = {
        "id": {"type": f"{at}-cell", "row": str(one.id), "cell": index},
        "label": gettext("整行") if name == TEXT_KEY else name,
        "value": value,
        "error": gettext("问题在这一格") if faulty else None,
    }
    if len(value) > LONG:
        return dmc.Textarea(**shared, autosize=True, minRows=2, maxRows=12, className="whole-width")
    return dmc.TextInput(**shared)


def _button(one: Quarantined, at: str, do: str, text: str, variant: str) -> Any:
    return dmc.Button(
        text,
        id={"type": f"{at}-do", "row": str(one.id), "do": do},
        variant=variant,
        size="sm",
        n_clicks=0,
    )
