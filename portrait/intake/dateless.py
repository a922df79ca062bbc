"""Records that come in without a day: they are kept, and add nothing to any figure. Said before and after they come in, and how to give
them one."""

from __future__ import annotations

import duckdb

from portrait.intake.ask import one
from portrait.intake.program import Program
from portrait.record import SCORED, Kind
from portrait.sentence import Sentence, sentence

# Marks are discounted by their age, hours are of a year, who signed did so on a day. What was merely looked at counts nowhere.
_KINDS = (*SCORED, Kind.ATTENDANCE, Kind.COMPLETE, Kind.CERTIFICATE, Kind.ACTIVITY, Kind.FACT)
OF_A_DAY = f"IN ({', '.join(str(int(kind)) for kind in _KINDS)})"


def dateless(engine: duckdb.DuckDBPyConnection, program: Program) -> int:
    """How many good rows are records that need a day and have none."""
    if program.stream.target.name != "record":
        return 0
    without = "v_time IS NULL" if "v_time" in program.values else "true"
    (rows,) = one(
        engine,
        f"SELECT count(*) FROM {program.judged} WHERE _selected AND NOT _bad AND v_kind {OF_A_DAY} AND {without}",
    )
    return int(rows)


def dateless_told(program: Program, rows: int) -> list[Sentence]:
    """What to know of so many rows; nothing of none."""
    if not rows:
        return []
    if program.stream.layout.office and program.stream.field("time") is None:
        return [
            sentence(
                "{n} 行没有日期：入库，但不计入（成绩不能折算，签到和学时算不到哪一年）。这份映射不读日期：标题里写上“考试时间：2022年10月22日”一类的字，重新提一次（命令 --propose --save --replace，网页上选“替换成新版本”），"
                "或给映射一个日期（网页上填“时间”，命令加 --fill time=2022-10-22）存成新版本，再导入一次就计入",
                n=f"{rows:,}",
            )
        ]
    if program.stream.layout.office:
        return [
            sentence(
                "{n} 行没有日期：入库，但不计入（成绩不能折算，签到和学时算不到哪一年）。标题里写上“考试时间：2022年10月22日”一类的字，"
                "或给映射一个日期（网页上填“时间”，命令加 --fill time=2022-10-22）存成新版本，再导入一次就计入",
                n=f"{rows:,}",
            )
        ]
    return [
        sentence(
            "{n} 行没有日期：入库，但不计入（成绩不能折算，签到和学时算不到哪一年）。在映射的 time 里写日期，再导入一次就计入",
            n=f"{rows:,}",
        )
    ]
