"""Small files and mappings written by hand, to be taken in, looked at and read again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portrait.site import Site
from portrait.store.batch import Batch, batch_of
from portrait.store.quarantine import Quarantined, quarantined
from portrait.store.schema import account, batch

PEOPLE = """
  - name: people
    file: people*.csv
    target: person
    fields:
      key: {from: 编号}
      name: {from: 姓名}
      idno: {from: 身份证号, default: ""}
      phone: {from: 手机, default: ""}
      mail: {from: 邮箱, default: ""}
"""
COURSES = """
  - name: courses
    file: courses*.csv
    target: course
    fields: {code: {from: 代码}, title: {from: 名称}}
"""
ALIGNED = """
  - name: aligned
    file: aligned*.csv
    target: alignment
    fields: {course: {from: 课程}, indicator: {from: 指标}, percent: {from: 占比}}
"""
MARKS = """
  - name: marks
    file: marks*.csv
    target: record
    key: [编号, 课程]
    fields:
      account: {from: 编号, kind: staff}
      course: {from: 课程}
      kind: {const: quiz}
      time: {from: 时间, default: ""}
      score: {from: 得分, max: 100}
"""
VISITS = """
  - name: visits
    file: visits*.csv
    target: record
    repeats: keep
    fields:
      account: {from: 编号, kind: staff}
      course: {from: 课程}
      kind: {from: 行为, map: {看: view, 答: quiz}}
      time: {from: 时间, default: ""}
      count: {from: 次数, default: "1"}
"""
STATEMENTS = """
  - name: statements
    file: statements*.jsonl
    target: record
    key: [$.id]
    fields:
      account: {from: $.who, kind: staff}
      kind: {const: quiz}
      item: {from: $.id}
      score: {from: $.score, max: 100}
"""


def mapping(folder: Path, *streams: str, name: str = "m") -> str:
    """The path of a mapping of these streams."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(f"name: {name}\nsource: {name}\nstreams:\n" + "".join(streams), encoding="utf-8")
    return str(path)


def write(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def records(site: Site, *without: str) -> list[dict[str, Any]]:
    """The records of the lake in the order of their ids, without these columns."""
    found = site.pool.query("SELECT * EXCLUDE (time), epoch_us(time) AS time FROM record ORDER BY id, line")
    rows: list[dict[str, Any]] = found.to_pylist()
    return [{name: value for name, value in row.items() if name not in without} for row in rows]


def waiting(site: Site, state: str = "open") -> list[Quarantined]:
    with site.registry.connect() as connection:
        return quarantined(connection, state=state)


def ledger(site: Site) -> list[Batch]:
    with site.registry.connect() as connection:
        numbers = connection.execute(select(batch.c.id).order_by(batch.c.id)).scalars()
        return [batch_of(connection, number) for number in numbers]


def everything(site: Site) -> Any:
    """What the lake and the registry hold of what came in, without the clock's part in it."""
    batches = [replace(one, started=None, finished=None) for one in ledger(site)]
    rows = [replace(row, decided_at=None) for row in waiting(site, "")]
    with site.registry.connect() as connection:
        accounts = connection.execute(select(account.c.id, account.c.person_id).order_by(account.c.id)).all()
    return records(site), batches, rows, [tuple(row) for row in accounts]
