"""The first screen of the intake: what came in last, what waits, and five figures of the whole ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import dash_mantine_components as dmc

from dashboards.language import gettext
from dashboards.page import Context
from dashboards.part import format, icon, number, numbers, page_header
from dashboards.part.admin.ledger import exact
from dashboards.part.admin.word import source_name
from dashboards.part.number import counted
from portrait.store.batch import Batch, Sums, batches, sums

PAUSE = timedelta(seconds=30)  # between two batches that came in one go, at most
RECENT = 200  # batches among which the newest file is looked for: replays bring none


def intake_head(context: Context) -> list[Any]:
    with context.site.registry.connect() as connection:
        found = sums(connection, context.scope)
        newest = batches(connection, context.scope, limit=RECENT)
    last = _together(newest)
    waiting = sum(one.open for one in found)
    return [
        page_header(
            gettext("数据接入"),
            _finding(context, last, waiting),
            dmc.Button(
                gettext("重算画像"),
                id={"type": "intake-do", "do": "refresh", "name": "head"},
                leftSection=icon("refresh", 18),
                variant="default",
                n_clicks=0,
            ),
        ),
        _figures(found, waiting),
    ]


def _together(newest: Sequence[Batch]) -> list[Batch]:
    """The batches that came in last in one go: of one source, by one hand, one after the other without a pause."""
    found: list[Batch] = []
    for one in newest:
        if one.origin is not None:
            continue  # a replay brings no file
        if found and (
            (one.source, one.by) != (found[-1].source, found[-1].by)
            or found[-1].started - (one.finished or one.started) > PAUSE
        ):
            break
        found.append(one)
    return found


def _finding(context: Context, last: Sequence[Batch], waiting: int) -> str:
    """What came in last and what waits, in one sentence."""
    if not last:
        return gettext("还没有接入过数据；从下面放第一个文件开始。")
    files = len({one.file for one in last})
    file = last[0].file
    failed = sum(one.state == "failed" for one in last)
    what = {
        "source": source_name(context.site, last[0].source),
        "file": gettext("{file} 等 {n} 个文件", file=file, n=files) if files > 1 else file,
        "when": format.moment(last[0].started),
    }
    if failed == len(last):
        words = gettext("最近来的是{source}的 {file}（{when}），接入失败，一行也没有入库；", **what)
    else:
        words = gettext(
            "最近接入的是{source}的 {file}（{when}），{n} 行里入库 {stored} 行；",
            **what,
            n=exact(sum(one.counts.rows_read for one in last)),
            stored=exact(sum(one.counts.rows_stored for one in last)),
        )
    if 0 < failed < len(last):
        words = gettext("{first}{then}", first=words, then=gettext("其中 {n} 批失败；", n=failed))
    left = (
        gettext("隔离区有 {n} 行等待处理。", n=exact(waiting))
        if waiting
        else gettext("隔离区没有等待处理的行。")
    )
    return gettext("{first}{then}", first=words, then=left)


def _figures(found: list[Sums], waiting: int) -> Any:
    counts = [one.counts for one in found]
    failed = sum(one.failed for one in found)
    return numbers(
        number(
            *counted(gettext("{n} 批", n=format.count(sum(one.batches for one in found)))),
            label=gettext("全部批次"),
        ),
        number(
            *counted(gettext("{n} 行", n=format.count(sum(one.rows_stored for one in counts)))),
            label=gettext("入库"),
        ),
        number(
            *counted(gettext("{n} 行", n=format.count(waiting))),
            dmc.Anchor(gettext("去处理"), href="/quarantine") if waiting else "",
            label=gettext("隔离区等待处理"),
        ),
        number(
            *counted(gettext("{n} 行", n=format.count(sum(one.rows_unmatched for one in counts)))),
            label=gettext("还认不出是谁"),
        ),
        number(
            *counted(gettext("{n} 批", n=format.count(failed))),
            label=gettext("失败的批次"),
            tone="warn" if failed else "",
        ),
    )
