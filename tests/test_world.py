"""The demo province: what is written, that it is the same every time, and that its faults are the ones that were planted."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from portrait.errors import NotFound, SettingError
from portrait.framework import indicators
from portrait.intake.door import intake
from portrait.place import cities, places
from portrait.resource import read_code, read_yaml
from portrait.scope import Role
from portrait.site import Site
from portrait.store.question import questions
from portrait.store.schema import account
from portrait.world import WORLD_SOURCES, WorldReport, demo_logins, write_world

TEACHERS = 2_000


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> WorldReport:
    return write_world(tmp_path_factory.mktemp("world"), teachers=TEACHERS)


def table(folder: Path, stem: str) -> list[dict[str, str]]:
    """All rows of a kind of file, whatever form it has."""
    rows: list[dict[str, str]] = []
    for path in sorted(folder.glob(f"*/{stem}*")):
        if path.suffix == ".xlsx":
            head, *lines = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
            rows += [dict(zip(map(str, head), map(_text, line), strict=True)) for line in lines]
        elif path.suffix == ".csv":
            encoding = "gb18030" if path.parent.name == "zhongyuan" else "utf-8-sig"
            with path.open(encoding=encoding, newline="") as file:
                rows += list(csv.DictReader(file))
        else:
            rows += pq.read_table(path).to_pylist()
    assert rows, stem
    return rows


def _text(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def statements(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("yunketang/*.jsonl")):
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        write_world(tmp_path / name, teachers=600, seed=seed)
    one, two, three = (digests(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one.keys() == three.keys()
    assert [name for name in one if one[name] == three[name]] == []


def test_every_city_and_every_county_has_schools_and_teachers(report: WorldReport) -> None:
    schools = {row["学校代码"]: row for row in table(report.folder, "学校名录")}
    staffed = {schools[row["学校代码"]]["县区代码"] for row in table(report.folder, "教师名册") if row["学校代码"] in schools}  # fmt: skip
    assert len(staffed) == 157
    assert {places()[code].parent if places()[code].level == "county" else code for code in staffed} == {
        city.adcode for city in cities()
    }
    assert len(cities()) == 18
    assert {row["城乡代码"] for row in schools.values()} <= set(read_code("urban_rural_nbs"))
    assert len({(row["县区代码"], row["学校名称"]) for row in schools.values()}) == len(schools)


def test_as_many_teachers_courses_and_providers_as_asked_for(report: WorldReport) -> None:
    teachers = table(report.folder, "教师名册")
    courses = [row for row in table(report.folder, "课程目录") if row["进入课程超市"] == "是"]
    assert len(teachers) == len({row["继教编号"] for row in teachers}) == TEACHERS
    assert len(courses) == len({row["课程名称"] for row in courses}) == 600
    assert {row["通识主题"] for row in courses} - {""} == set(read_code("general_courses"))
    assert {row["课程类别"] for row in courses} == {"思想政治", "师德师风", "业务能力"}
    assert len(table(report.folder, "承训单位")) == report.providers == 60


def test_courses_are_aligned_with_one_to_three_indicators_that_add_up_to_all_of_them(
    report: WorldReport,
) -> None:
    shares: dict[str, dict[str, int]] = {}
    for row in table(report.folder, "课程能力标注"):
        shares.setdefault(row["课程代码"], {})[row["指标代码"]] = int(row["占比"])
    assert shares.keys() == {row["课程代码"] for row in table(report.folder, "课程目录")}
    assert {sum(align.values()) for align in shares.values()} == {100}
    assert {len(align) for align in shares.values()} == {1, 2, 3}
    assert {code for align in shares.values() for code in align} == set(indicators())


def test_all_categories_and_levels_have_classes_and_autumn_has_every_state(report: WorldReport) -> None:
    classes = table(report.folder, "培训班次")
    words = read_yaml("mapping/demo_registry.yaml")["maps"]
    assert {row["项目类别"] for row in classes} - {""} == set(words["category"])
    assert {row["培训层级"] for row in classes} == set(words["level"])
    today = report.today.isoformat()
    autumn = [row for row in classes if row["开班日期"] >= "2022-09-01"]
    assert any(row["结束日期"] < today for row in autumn)
    assert any(row["开班日期"] < today <= row["结束日期"] for row in autumn)
    assert any(row["开班日期"] > today for row in autumn)
    assert max(row["结束日期"] for row in autumn if row["项目类别"]) <= "2022-12-31"


def test_trainees_come_from_quotas_and_nothing_has_happened_to_them_after_today(report: WorldReport) -> None:
    places_of = {(r["班次代码"], r["县区代码"]): int(r["名额"]) for r in table(report.folder, "名额分配")}
    classes = {row["班次代码"]: row for row in table(report.folder, "培训班次")}
    trainees = table(report.folder, "参训学员")
    sent = Counter((row["班次代码"], row["选派县区代码"]) for row in trainees)
    assert sent.keys() <= places_of.keys()
    assert all(count <= places_of[key] for key, count in sent.items())
    assert 0.7 < sum(sent.values()) / sum(places_of.values()) < 0.97
    for row in trainees:
        happened = [row[name] for name in ("报到日期", "结业日期", "退出日期") if row[name]]
        assert all(day < report.today.isoformat() for day in happened)
        assert row["确认日期"] < classes[row["班次代码"]]["开班日期"]
        assert row["报到日期"] or not (row["结业日期"] or row["退出日期"])
        assert not (row["结业日期"] and row["退出日期"])
    assert any(row["原因"] and not row["报到日期"] for row in trainees)


def test_a_teacher_has_sixty_to_a_hundred_records_and_weaker_places_have_fewer(report: WorldReport) -> None:
    records = sum(
        count for name, count in report.rows.items()
        if name not in {"教师名册", "学校名录", "承训单位", "课程目录", "课程能力标注", "培训班次", "名额分配", "参训学员"}
    )  # fmt: skip
    assert 60 <= records / TEACHERS <= 100
    rural = {r["学校代码"]: r["城乡代码"].startswith("2") for r in table(report.folder, "学校名录")}
    home = {r["继教编号"]: rural.get(r["学校代码"], False) for r in table(report.folder, "教师名册")}
    heard = Counter(home[row["继教编号"]] for row in table(report.folder, "成绩") if row["继教编号"] in home)
    share = Counter(home.values())
    assert heard[True] / share[True] < heard[False] / share[False]


def test_faults_are_there_at_the_rate_of_real_exports(report: WorldReport) -> None:
    log = table(report.folder, "学习日志")
    again = len(log) - len({row["日志编号"] for row in log})
    assert 0.01 <= again / len(log) <= 0.02
    told = [row["id"] for row in statements(report.folder)]
    assert 0.01 <= 1 - len(set(told)) / len(told) <= 0.02
    actions = set(read_yaml("mapping/demo_yuyan.yaml")["maps"]["action"])
    assert 1 <= sum(row["行为"] not in actions for row in log) <= 6
    assert (
        1
        <= sum(row["得分"].isdigit() and int(row["得分"]) > 100 for row in table(report.folder, "成绩"))
        <= 6
    )
    assert 12 <= report.planted["坏行"] <= 60
    fast = [row for row in log if row["内容秒"] and row["用时秒"].isdigit() and int(row["用时秒"]) * 4 < int(row["内容秒"])]  # fmt: skip
    assert 0.0005 < len(fast) / len(log) < 0.05
    known = {row["继教编号"] for row in table(report.folder, "教师名册")}
    assert any(row["继教编号"] not in known for row in log) or report.planted["名册外账号"]
    watched = {row["发生时间"][:10] for row in log if row["行为"] == "看视频" and row["发生时间"] > "2021"}
    first, last = date(2021, 1, 1), date(2022, 11, 14)
    assert (
        3 <= sum((first + timedelta(n)).isoformat() not in watched for n in range((last - first).days)) <= 30
    )


def test_the_truth_stands_outside_what_is_taken_in(report: WorldReport) -> None:
    sources = {folder for folder, _ in WORLD_SOURCES}
    assert {path.name for path in report.folder.iterdir()} == sources | {
        "truth.parquet",
        "doubt.parquet",
        "identity.parquet",
        "world.json",
    }
    truth = pq.read_table(report.folder / "truth.parquet")
    scored = [node.code for node in indicators().values() if node.scored]
    assert truth.num_rows == TEACHERS * len(scored)
    start, end = (np.asarray(truth[name]) for name in ("start", "end"))
    assert set(truth["indicator"].to_pylist()) == set(scored)
    assert not any(code.startswith("P1") for code in scored)
    assert 0 < start.min() < start.max() < 1
    change = end - start
    assert (change > 0.02).mean() > 0.2  # some grow,
    assert (np.abs(change) < 0.005).mean() > 0.2  # some do not,
    assert (change < -0.005).mean() > 0.005  # a few lose
    assert 0 < sum(truth["doubtful"].to_pylist()) < 0.03 * truth.num_rows


def test_ethics_courses_are_never_marked(report: WorldReport) -> None:
    ethics = {r["课程代码"] for r in table(report.folder, "课程能力标注") if r["指标代码"].startswith("P1")}
    assert not [row for row in table(report.folder, "成绩") if row["课程代码"] in ethics]
    assert not [row for row in table(report.folder, "学情导出") if row["课程编号"] in ethics and row["分数"]]


def test_marks_follow_the_truth_but_do_not_repeat_it(report: WorldReport) -> None:
    truth = pq.read_table(report.folder / "truth.parquet").to_pydict()
    level = {
        (staff, code): (a + b) / 2
        for staff, code, a, b in zip(truth["staff"], truth["indicator"], truth["start"], truth["end"], strict=True)
    }  # fmt: skip
    single = {
        r["课程代码"]: r["指标代码"] for r in table(report.folder, "课程能力标注") if r["占比"] == "100"
    }
    pairs = [
        (level[row["继教编号"], single[row["课程代码"]]], int(row["得分"]) / int(row["满分"]))
        for row in table(report.folder, "成绩")
        if (row["继教编号"], single.get(row["课程代码"], "")) in level
        and row["类型"] in ("测验", "作业", "考试")
        and row["得分"].isdigit()
    ]
    known, marked = np.array(pairs).T
    assert 0.5 < np.corrcoef(known, marked)[0, 1] < 0.95


def test_trainees_gain_and_providers_differ(report: WorldReport) -> None:
    marks: dict[tuple[str, str], dict[str, float]] = {}
    for row in table(report.folder, "训前训后测"):
        if row["得分"].isdigit() and int(row["得分"]) <= 100:
            marks.setdefault((row["班次代码"], row["继教编号"]), {})[row["测试"]] = float(row["得分"])
    gains = [pair["训后测"] - pair["训前测"] for pair in marks.values() if len(pair) == 2]
    assert len(gains) > 50
    assert 2 < np.mean(gains) < 20


def test_early_presence_tells_who_finishes(report: WorldReport) -> None:
    long = {r["班次代码"] for r in table(report.folder, "培训班次") if int(r["集中天数"]) >= 4}
    signed = Counter((r["班次代码"], r["继教编号"]) for r in table(report.folder, "签到表"))
    over = [
        r for r in table(report.folder, "参训学员") if r["班次代码"] in long and r["报到日期"] and r["结业日期"] + r["退出日期"]
    ]  # fmt: skip
    stayed = [signed[r["班次代码"], r["继教编号"]] for r in over if r["结业日期"]]
    left = [signed[r["班次代码"], r["继教编号"]] for r in over if r["退出日期"]]
    assert np.mean(stayed) > np.mean(left) if left else stayed


def test_choices_have_an_order_to_learn(report: WorldReport) -> None:
    names = {row["课程代码"]: row["课程名称"] for row in table(report.folder, "课程目录")}
    stem = {code: re.sub(r"（.*）", "", name) for code, name in names.items()}
    taken: dict[str, list[tuple[str, str]]] = {}
    for row in table(report.folder, "学习日志"):
        if row["行为"] == "选课" and row["课程代码"].startswith("KC"):
            taken.setdefault(row["继教编号"], []).append((row["发生时间"], row["课程代码"]))
    steps = [(a[1], b[1]) for rows in map(sorted, taken.values()) for a, b in pairwise(rows)]
    same = sum(stem[a] == stem[b] and a != b for a, b in steps)
    assert same / len(steps) > 0.03  # by chance it would be far below one in a hundred


def test_nobody_looks_real(report: WorldReport) -> None:
    for row in table(report.folder, "教师名册"):
        assert row["邮箱"].endswith(".invalid")
        assert re.fullmatch(r"169\d{8}", row["联系电话"])  # no operator has 169
        assert re.fullmatch(r"HJ41\d{9}", row["继教编号"])
    identity = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
    for row in table(report.folder, "教师名册") + table(report.folder, "参训学员"):
        assert not any(identity.search(value) for value in row.values())


def test_there_is_a_login_for_every_role_and_its_links_exist(report: WorldReport) -> None:
    logins = {login.login: login for login in demo_logins(report.folder)}
    assert {login.role for login in logins.values()} == {role.value for role in Role}
    teacher = logins["teacher"]
    seats = [r for r in table(report.folder, "参训学员") if r["继教编号"] == teacher.person]
    assert [bool(r["结业日期"]) for r in sorted(seats, key=lambda r: r["班次代码"] != report.showcase["finished_class"])] == [True, False]  # fmt: skip
    assert all(r["报到日期"] for r in seats)
    classes = table(report.folder, "培训班次")
    assert any(r["承训单位代码"] == logins["trainer"].provider for r in classes)
    assert logins["county"].region in places()
    assert logins["city"].region in {city.adcode for city in cities()}
    assert logins["school"].school in {r["学校代码"] for r in table(report.folder, "学校名录")}


def test_a_folder_without_a_world_has_no_logins(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"world\.json"):
        demo_logins(tmp_path)


@pytest.mark.parametrize("teachers", [10, 2_000_000])
def test_too_few_or_too_many_teachers_are_refused(tmp_path: Path, teachers: int) -> None:
    with pytest.raises(SettingError, match="示范教师数"):
        write_world(tmp_path, teachers=teachers)
    assert not list(tmp_path.iterdir())


def test_records_only_writes_no_workbook_and_leaves_rubrics_out(tmp_path: Path) -> None:
    told: list[float] = []
    report = write_world(
        tmp_path, teachers=700, records_only=True, progress=lambda _step, share: told.append(share)
    )
    assert not list(tmp_path.rglob("*.xlsx"))
    assert list(tmp_path.glob("yuyan/学习日志*.parquet"))
    assert "量规评分" not in report.rows
    assert "成果认定" not in report.rows
    assert len(table(tmp_path, "教师名册")) == 700
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_every_file_has_the_columns_its_mapping_reads(report: WorldReport) -> None:
    for folder, name in WORLD_SOURCES:
        if name == "demo_yunketang":
            continue
        for stream in read_yaml(f"mapping/{name}.yaml")["streams"]:
            rows = table(report.folder, stream["file"].rstrip("*"))
            wanted = {field["from"] for field in stream["fields"].values() if "from" in field} | set(stream["key"])  # fmt: skip
            assert wanted - set(stream.get("lacking", ())) <= rows[0].keys(), (folder, stream["name"])


def test_the_day_can_be_another_autumn_and_only_an_autumn(tmp_path: Path) -> None:
    report = write_world(tmp_path, teachers=600, today=date(2023, 10, 12))
    times = [
        row["发生时间"] for row in table(report.folder, "学习日志") if row["发生时间"].startswith("2023")
    ]
    assert "2023-10-01" < max(times) < "2023-10-12"
    with pytest.raises(SettingError, match="10 月 10 日"):
        write_world(tmp_path, today=date(2023, 3, 20))


def test_the_doubtful_identities_that_are_planted_are_those_that_a_person_is_asked_about(
    sqlite_site: Site, tmp_path: Path
) -> None:
    folder = write_world(tmp_path / "world", teachers=600, seed=11).folder
    planted = pq.read_table(folder / "identity.parquet").to_pylist()
    assert [row["case"] for row in planted] == ["twin"] * 2 + ["transfer"] * 2 + ["mail"] * 2
    assert [row["same"] for row in planted] == [False, False, True, True, False, True]
    files = [
        *sorted((folder / "registry").glob("学校名录*")),
        *sorted((folder / "registry").glob("教师名册*")),
    ]
    for file in files:
        intake(sqlite_site, file, "demo_registry", by="t")
    intake(sqlite_site, folder / "zhongyuan" / "学情导出-901.csv", "demo_zhongyuan", by="t")
    with sqlite_site.registry.connect() as connection:
        asked = questions(connection)
        (strange,) = connection.execute(select(func.count()).where(account.c.person_id.is_(None))).one()
    found = {
        (one.reason, frozenset((one.left.key, one.right.key)) if one.thing == "alias" else one.right.key)
        for one in asked
    }
    reasons = {"twin": "twin", "transfer": "shared", "mail": "named"}
    wanted = {
        (
            reasons[row["case"]],
            row["other"] if row["case"] == "mail" else frozenset((row["one"], row["other"])),
        )
        for row in planted
    }
    assert wanted == found
    assert strange == 2, "the accounts wait, and nothing was linked unseen"
