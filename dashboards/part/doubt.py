"""Doubtful records in words and as a grid: which rule found each, with its numbers, whose it is and where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards.language import gettext
from dashboards.part import format, grid
from dashboards.part.teacher.word import kind_name, source_name
from portrait.doubtful import RULES, Doubt
from portrait.site import Site
from portrait.xapi.name import activity_names

WRAP = {"wrapText": True, "autoHeight": True, "cellClass": "wrapped"}


def doubt_grid(id: str, site: Site, rows: Sequence[Doubt]) -> Any:
    """The records, to be ticked; the id of a row is the record's."""
    sources = {source: source_name(site, source) for source in {row.source for row in rows}}
    names = activity_names(site.registry, {row.item for row in rows})
    return grid(
        id,
        [
            {"field": "day", "headerName": gettext("时间"), "width": 118, "minWidth": 118, **WRAP},
            {"field": "why", "headerName": gettext("为什么存疑"), "minWidth": 230, "flex": 4, **WRAP},
            {"field": "who", "headerName": gettext("谁的"), "minWidth": 152, "flex": 2, **WRAP},
            {"field": "what", "headerName": gettext("学了什么"), "minWidth": 170, "flex": 3, **WRAP},
            {"field": "from", "headerName": gettext("原始出处"), "minWidth": 170, "flex": 3, **WRAP},
        ],
        [
            {
                "id": row.record.hex(),
                "day": format.when(row.time) if row.time else gettext("无日期"),
                "why": why(row) + (gettext("（已决定，下次计算后生效）") if row.waiting else ""),
                "who": row.name or row.account,
                "what": gettext("、").join(
                    part
                    for part in (
                        row.course_title or row.class_name,
                        kind_name(row.kind),
                        names.get(row.item) or _item(row.item),
                    )
                    if part
                ),
                "from": gettext(
                    "{source} · 批次 {batch} · {file} 第 {line} 行",
                    source=sources[row.source],
                    batch=row.batch,
                    file=row.file,
                    line=row.line,
                ),
            }
            for row in rows
        ],
        page_size=10,
        options={"rowSelection": {"mode": "multiRow"}, "rowClass": "clickable"},
        title="why",
        columnSize=None,
        getRowId="params.data.id",
    )


def _item(text: str) -> str:
    """What a platform calls the thing; of an address that has no name its end, which is what tells things apart."""
    return "/".join(text.rsplit("/", 2)[-2:]) if text.startswith(("http://", "https://")) else text


def why(doubt: Doubt) -> str:
    """Every rule that found the record, with what it counted."""
    return gettext("；").join(
        gettext("{name}：{said}", name=gettext(RULES[rule][1]), said=said)
        if (said := _numbers(rule, doubt))
        else gettext(RULES[rule][1])
        for rule in doubt.rules
    )


def _numbers(rule: str, doubt: Doubt) -> str:
    seen = doubt.numbers.get(rule, {})
    if rule == "speed":
        return gettext("只用了 {n} 秒", n=doubt.seconds)
    if rule == "future" and seen:
        return gettext("比入库晚 {n} 天", n=seen["days"])
    if rule == "parallel":
        return gettext(
            "与另一处重叠 {n} 分钟，当月有 {days} 天如此", n=seen["seconds"] // 60, days=seen["days"]
        )
    if rule == "idle":
        return gettext(
            "当月在这门课看了 {n} 小时，没有作答、作业或发言", n=format.decimal(seen["seconds"] / 3600)
        )
    if rule == "same":
        return gettext("{n} 个人的 {m} 个成绩和先后间隔都一样", n=seen["persons"], m=seen["marks"])
    if rule == "sleepless":
        return gettext("一天里有 {n} 个小时在学", n=seen["hours"])
    if rule == "outlier":
        return gettext(
            "当月 {n} 小时，{k} 个账号的中位数是 {m} 小时，高出 {z} 个稳健标准差",
            n=format.decimal(seen["seconds"] / 3600),
            k=seen["accounts"],
            m=format.decimal(seen["median"] / 3600),
            z=format.decimal(seen["z"] / 10),
        )
    return ""
