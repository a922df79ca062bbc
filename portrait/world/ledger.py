"""The training offices' ledgers: sign-in sheets, tests, rubrics, results, certificates, school study, recognised facts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from portrait.record import Kind
from portrait.resource import read_yaml
from portrait.world.classwork import EXPERTS, FACE, OFFSITE, VERIFIED
from portrait.world.event import Events
from portrait.world.platform import Named
from portrait.world.table import days, numbers, serials, words
from portrait.world.words import numeral

FIGURES = frozenset({"得分", "满分", "学时"})
_YES_NO = ("否", "是")


def ledger_tables(
    named: Named,
    names: np.ndarray,
    venues: list[str],
    found: Events,
    seconds: np.ndarray,
    batch: int,
) -> dict[str, pa.Table]:
    """Each ledger by its file name. `names` are the teachers', `venues` the class's providers'."""
    of = {kind: np.flatnonzero(found.kind == kind) for kind in Kind}
    said = read_yaml("world/training.yaml")

    def base(rows: np.ndarray, run: bool = True, course: bool = True) -> dict[str, pa.Array]:
        columns = {}
        if run:
            index = found.run[rows]
            columns["班次代码"] = words(named.run, np.where(index < 0, len(named.run) - 1, index))
        if course:
            columns["课程代码"] = words(named.course, found.course[rows])
        columns["继教编号"] = words(named.staff, found.who[rows])
        columns["姓名"] = words(names, found.who[rows])
        return columns

    def serial(prefix: str, rows: np.ndarray) -> pa.Array:
        return serials(f"{prefix}{batch:03d}", len(rows), 7)

    here, bits = of[Kind.ATTENDANCE], found.number[of[Kind.ATTENDANCE]]
    tables = {
        "签到表": pa.table(
            base(here, course=False)
            | {
                "日期": days(seconds[here]),
                "地点": words(venues, found.run[here]),
                "外出": words(_YES_NO, ((bits & OFFSITE) > 0).astype(np.int64)),
                "面授": words(_YES_NO, ((bits & FACE) > 0).astype(np.int64)),
                "已核验": words(_YES_NO, ((bits & VERIFIED) > 0).astype(np.int64)),
            }
        )
    }
    here = np.sort(np.r_[of[Kind.PRETEST], of[Kind.POSTTEST]])
    tables["训前训后测"] = pa.table(
        base(here)
        | {
            "测试": words(["训前测", "训后测"], (found.kind[here] == Kind.POSTTEST).astype(np.int64)),
            "得分": numbers(np.round(found.score[here] * 100).astype(np.int32)),
            "满分": words(["100"], np.zeros(len(here), np.int64)),
            "日期": days(seconds[here]),
        }
    )
    here = of[Kind.RATING]
    experts = [f"专家{numeral(n)}" for n in range(EXPERTS + 1)]
    tables["量规评分"] = pa.table(
        {"评分单号": serial("R", here)}
        | base(here)
        | {
            "评价对象": words(["返岗课例", "校内课例"], (found.run[here] < 0).astype(np.int64)),
            "评分专家": words(experts, found.number[here]),
            "得分": numbers(found.score[here].astype(np.float64) * 4),
            "日期": days(seconds[here]),
        }
    )
    here = np.sort(np.r_[of[Kind.COMPLETE], of[Kind.FAIL], of[Kind.WITHDRAW]])
    result = {int(Kind.COMPLETE): 0, int(Kind.FAIL): 1, int(Kind.WITHDRAW): 2}
    tables["结业台账"] = pa.table(
        base(here)
        | {
            "结果": words(["结业", "未结业", "退出"], np.array([result[int(k)] for k in found.kind[here]], np.int64)),
            "学时": numbers(found.credit[here].astype(np.int32)),
            "日期": days(seconds[here]),
        }
    )  # fmt: skip
    here = of[Kind.CERTIFICATE]
    tables["通识证书"] = pa.table(
        {"证书编号": serial("TZ", here)}
        | base(here, run=False)
        | {"学时": numbers(found.credit[here].astype(np.int32)), "发证日期": days(seconds[here])}
    )
    here = of[Kind.ACTIVITY]
    tables["校本研修"] = pa.table(
        base(here)
        | {
            "活动名称": words(said["activities"], found.number[here] % len(said["activities"])),
            "日期": days(seconds[here]),
            "学时": numbers(found.credit[here].astype(np.int32)),
        }
    )
    here = of[Kind.FACT]
    titles = [title for facts in said["facts"].values() for title in facts]
    sort = [sum(len(f) for f in list(said["facts"].values())[:k]) for k in range(3)]
    kinds = {code: k for k, code in enumerate(named.course) if code.startswith("CG-")}
    order = {place: k for k, place in enumerate(kinds.values())}
    title = np.array([sort[order[int(c)]] + int(n) for c, n in zip(found.course[here], found.number[here], strict=True)], np.int64)  # fmt: skip
    tables["成果认定"] = pa.table(
        {"认定编号": serial("CG", here)}
        | base(here, run=False)
        | {"成果名称": words(titles, title), "认定日期": days(seconds[here])}
    )
    return tables
