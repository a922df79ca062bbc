"""OneRoster packages, 1.1 and 1.2: small worlds with known answers, and the public samples where they lie."""

from __future__ import annotations

import csv
import io
import os
import stat
import zipfile
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from portrait.errors import InputError
from portrait.intake.door import BatchReport, intake
from portrait.intake.preview import preview
from portrait.intake.replay import replay
from portrait.intake.unpack import unpack
from portrait.intake.upload import receive, take, upload_of
from portrait.refresh import refresh
from portrait.site import Site
from portrait.store.schema import (
    account,
    course,
    person,
    provider,
    quarantine,
    school,
    trainee,
    training_class,
)
from tests.specimen import PACKAGE_COLUMNS

DATA = Path(os.environ.get("TEACHER_DATA", Path(__file__).parents[2] / "shared" / "data"))
SAMPLES = DATA / "platforms" / "oneroster"
NEW, OLD = "1.2", "1.1"

Rows = list[dict[str, str]]
ORGS: Rows = [
    {"sourcedId": "d1", "name": "管城区教育局", "type": "district", "identifier": "410104"},
    {"sourcedId": "s1", "name": "第一小学", "type": "school", "parentSourcedId": "d1"},
    {"sourcedId": "g1", "name": "数学组", "type": "department", "parentSourcedId": "s1"},
    {"sourcedId": "u1", "name": "师范大学", "type": "local"},
]
USERS: Rows = [
    {
        "sourcedId": "t1",
        "familyName": "王",
        "givenName": "小一",
        "email": "t1@demo.invalid",
        "password": "hunter2",
    },
    {"sourcedId": "t2", "familyName": "Doe", "givenName": "Jo", "sms": "6037778888"},
    {"sourcedId": "k1", "familyName": "讲", "givenName": "师"},
    {"sourcedId": "p1", "familyName": "家", "givenName": "长"},
]
ROLES = {"t1": ("student", "g1"), "t2": ("teacher", "s1"), "k1": ("teacher", "u1"), "p1": ("parent", "s1")}
SEATS: Rows = [
    {
        "sourcedId": "e1",
        "classSourcedId": "c1",
        "userSourcedId": "t1",
        "role": "student",
        "beginDate": "2022-03-01",
    },
    {
        "sourcedId": "e2",
        "classSourcedId": "c1",
        "userSourcedId": "t2",
        "role": "student",
        "endDate": "2022-07-01",
    },
    {"sourcedId": "e3", "classSourcedId": "c1", "userSourcedId": "k1", "role": "teacher"},
]
WORLD: dict[str, Rows] = {
    "orgs": ORGS,
    "users": USERS,
    "academicSessions": [
        {"sourcedId": "a1", "title": "一", "type": "term", "startDate": "2022-03-01", "endDate": "2022-05-01"},
        {"sourcedId": "a2", "title": "二", "type": "term", "startDate": "2022-05-01", "endDate": "2022-07-01"},
    ],
    "courses": [{"sourcedId": "k", "title": "数学教学"}],
    "classes": [
        {"sourcedId": "c1", "title": "骨干班", "courseSourcedId": "k", "schoolSourcedId": "u1", "termSourcedIds": "a1,a2"},
    ],
    "enrollments": SEATS,
    "demographics": [{"sourcedId": "t1", "birthDate": "1980-02-03", "sex": "female"}],
    "categories": [{"sourcedId": "x", "title": "Final Exam"}, {"sourcedId": "h", "title": "Homework"}],
    "lineItems": [
        {"sourcedId": "l1", "title": "期末", "classSourcedId": "c1", "categorySourcedId": "x", "resultValueMax": "50"},
        {"sourcedId": "l2", "title": "作业一", "classSourcedId": "c1", "categorySourcedId": "h", "resultValueMin": "10",
         "resultValueMax": "110"},
    ],
    "results": [
        {"sourcedId": "r1", "lineItemSourcedId": "l1", "studentSourcedId": "t1", "scoreStatus": "fully graded", "score": "40",
         "scoreDate": "2022-06-01"},
        {"sourcedId": "r2", "lineItemSourcedId": "l2", "studentSourcedId": "t1", "scoreStatus": "fully graded", "score": "60",
         "scoreDate": "2022-06-02"},
        {"sourcedId": "r3", "lineItemSourcedId": "l1", "studentSourcedId": "t2", "scoreStatus": "exempt"},
    ],
}  # fmt: skip


def write(
    folder: Path, world: Mapping[str, Rows], version: str = OLD, mode: str = "bulk", **said: str
) -> Path:
    """A package with these files; the users' roles stand where the version has them."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: [dict(row) for row in rows] for name, rows in world.items()}
    for user in files.get("users", []):
        role, org = ROLES[user["sourcedId"]]
        if version == OLD:
            user |= {"role": role, "orgSourcedIds": org}
        else:
            user |= {"primaryOrgSourcedId": org}
    if version == NEW and "users" in files:
        files["roles"] = [
            {"sourcedId": f"r-{u['sourcedId']}", "userSourcedId": u["sourcedId"], "roleType": "primary",
             "role": ROLES[u["sourcedId"]][0], "orgSourcedId": ROLES[u["sourcedId"]][1]}
            for u in files["users"]
        ]  # fmt: skip
    for name, rows in files.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, PACKAGE_COLUMNS[name], restval="")
            writer.writeheader()
            writer.writerows(rows)
    modes = dict.fromkeys(files, mode) | said
    told = {"manifest.version": "1.0", "oneroster.version": version} | {
        f"file.{n}": m for n, m in modes.items()
    }
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("propertyName", "value"), *told.items()])
    return folder


def packed(folder: Path) -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as target:
        for path in folder.iterdir():
            target.write(path, path.name)
    return archive


def bring(site: Site, path: Path, source: str = "oneroster") -> dict[str, BatchReport]:
    reports = intake(site, path, source, by="test")
    assert all(report.counts.balanced for report in reports)
    return {report.stream: report for report in reports}


def rows(site: Site, *columns: object) -> list[tuple[object, ...]]:
    with site.registry.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(columns[0]))]


@pytest.mark.parametrize("version", [OLD, NEW])
def test_both_versions_give_the_same_learners_classes_places_and_marks(
    sqlite_site: Site, tmp_path: Path, version: str
) -> None:
    site = sqlite_site
    reports = bring(site, packed(write(tmp_path / "p", WORLD, version)))
    assert {name: (r.rows_stored, r.rows_quarantined) for name, r in reports.items()} == {
        "schools": (1, 0), "providers": (1, 0), "people": (2, 0), "demographics": (1, 0), "courses": (1, 0),
        "classes": (1, 0), "trainees": (2, 0), "results": (2, 0),
    }  # fmt: skip
    assert rows(site, school.c.code, school.c.county) == [("s1", "410104")]
    assert rows(site, provider.c.code, provider.c.kind) == [("u1", "local")]
    assert rows(
        site, person.c.key, person.c.name, person.c.gender, person.c.birth_year, person.c.teaching
    ) == [
        ("oneroster:t1", "王小一", "2", 1980, True),
        ("oneroster:t2", "Jo Doe", "0", None, True),
    ]
    in_school = select(person.c.key).join(school).order_by(person.c.key)
    with site.registry.connect() as connection:
        assert connection.execute(in_school).scalars().all() == ["oneroster:t1", "oneroster:t2"]
    assert rows(site, training_class.c.code, training_class.c.starts, training_class.c.ends) == [
        ("c1", date(2022, 3, 1), date(2022, 7, 1))
    ]
    seats = rows(site, account.c.shown, account.c.person_id.is_(None))
    assert seats == [("t1", False), ("t2", False)]
    assert rows(site, trainee.c.region, trainee.c.left) == [("410104", None), ("410104", None)]
    # Counted from the least that can be had, by the words of the category's title.
    engine = site.engine()
    marks = engine.execute("SELECT kind, value, item, line FROM record ORDER BY line").fetchall()
    engine.close()
    assert marks == [(8, 8000, "期末", 2), (7, 5000, "作业一", 3)]


def test_a_mark_that_the_platform_deletes_counts_no_more(sqlite_site: Site, tmp_path: Path) -> None:
    bring(sqlite_site, write(tmp_path / "p", WORLD))
    gone = {"sourcedId": "r1", "status": "tobedeleted", "dateLastModified": "2022-06-20T08:00:00.000Z"}
    bring(sqlite_site, write(tmp_path / "d", {"results": [gone]}, mode="delta"))
    refresh(sqlite_site)
    with closing(sqlite_site.engine()) as engine:
        assert engine.execute("SELECT item FROM record").fetchall() == [("作业一",)]


def test_a_delta_takes_learners_out_and_loses_nothing(site: Site, tmp_path: Path) -> None:
    bring(site, write(tmp_path / "p", WORLD))
    gone = {"status": "tobedeleted", "dateLastModified": "2022-05-20T08:00:00.000Z"}
    later = {"status": "tobedeleted", "dateLastModified": "2022-08-20T08:00:00.000Z"}
    delta: dict[str, Rows] = {
        "users": [{"sourcedId": "t1"} | gone],  # a deleted row need not say more
        "enrollments": [SEATS[0] | gone, SEATS[1] | later],
        "classes": [WORLD["classes"][0] | {"title": "骨干班（二）"}],
    }
    reports = bring(site, write(tmp_path / "d", delta, mode="delta"))
    assert sum(report.rows_quarantined for report in reports.values()) == 0
    assert rows(site, person.c.key, person.c.name, person.c.teaching, person.c.extra)[0] == (
        "oneroster:t1", "王小一", False, {"名册": "已停用"},
    )  # fmt: skip
    in_school = select(person.c.key).join(school).order_by(person.c.key)
    with site.registry.connect() as connection:
        assert connection.execute(in_school).scalars().all() == ["oneroster:t1", "oneroster:t2"]
    left = rows(site, trainee.c.left, trainee.c.reason, trainee.c.confirmed)
    # Deleted in the middle: left. Deleted after its end: tidied up, and no drop-out.
    assert sorted(left, key=str) == [
        (None, "名册里已删除", None),
        (date(2022, 5, 20), "名册里已删除", date(2022, 3, 1)),
    ]
    # The delta holds neither terms nor courses: dates and course stay.
    with site.registry.connect() as connection:
        kept = connection.execute(select(training_class, course.c.code.label("k")).join(course)).one()
    assert (kept.name, kept.starts, kept.ends, kept.k) == (
        "骨干班（二）",
        date(2022, 3, 1),
        date(2022, 7, 1),
        "k",
    )
    back = write(tmp_path / "b", {"enrollments": [SEATS[0]], "users": [USERS[0]]}, mode="delta")
    bring(site, back)
    assert rows(site, person.c.key, person.c.teaching)[0] == ("oneroster:t1", True)
    assert [row for row in rows(site, trainee.c.left) if row[0]] == []


def test_a_deleted_class_ends_on_the_day_it_was_deleted(sqlite_site: Site, tmp_path: Path) -> None:
    bring(sqlite_site, write(tmp_path / "p", WORLD))
    gone = WORLD["classes"][0] | {"status": "tobedeleted", "dateLastModified": "2022-04-10"}
    bring(sqlite_site, write(tmp_path / "d", {"classes": [gone]}, mode="delta"))
    assert rows(sqlite_site, training_class.c.ends) == [(date(2022, 4, 10),)]


def test_the_same_package_again_adds_nothing(sqlite_site: Site, tmp_path: Path) -> None:
    folder = write(tmp_path / "p", WORLD)
    bring(sqlite_site, folder)
    again = bring(sqlite_site, packed(folder))
    assert sum(report.rows_stored for report in again.values()) == 0


def test_a_school_s_own_system_gives_its_teachers_and_no_pupil(sqlite_site: Site, tmp_path: Path) -> None:
    bring(sqlite_site, write(tmp_path / "p", WORLD), "oneroster_school")
    assert rows(sqlite_site, person.c.key, person.c.teaching, person.c.post) == [
        ("oneroster_school:k1", True, "教师"),
        ("oneroster_school:t2", False, "教师"),
    ]
    assert rows(sqlite_site, training_class.c.code) == [] == rows(sqlite_site, trainee.c.class_id)


def test_a_staff_number_that_the_package_gives_makes_one_person_of_two_sources(
    sqlite_site: Site, tmp_path: Path
) -> None:
    users = [USERS[0] | {"userIds": "{LDAP:12},{staff:HJ1}"}, USERS[1] | {"userIds": "{LDAP:13}"}]
    bring(sqlite_site, write(tmp_path / "p", WORLD | {"users": users}))
    assert [key for (key,) in rows(sqlite_site, person.c.key)] == ["HJ1", "oneroster:t2"]


def test_passwords_are_kept_nowhere(sqlite_site: Site, tmp_path: Path) -> None:
    bring(sqlite_site, packed(write(tmp_path / "p", WORLD)))
    kept = [path for path in sqlite_site.settings.home.rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if b"hunter2" in path.read_bytes()] == []


def test_a_row_that_is_bad_waits_with_its_line_and_is_replayed_when_its_class_has_come(
    sqlite_site: Site, tmp_path: Path
) -> None:
    no_class = {name: rows for name, rows in WORLD.items() if name not in ("classes", "results")}
    reports = bring(sqlite_site, write(tmp_path / "p", no_class))
    assert reports["trainees"].codes == (("unknown_class", 2),)
    assert rows(sqlite_site, quarantine.c.line, quarantine.c.column) == [
        (2, "classSourcedId"),
        (3, "classSourcedId"),
    ]
    bring(sqlite_site, write(tmp_path / "c", {name: WORLD[name] for name in ("orgs", "classes")}))
    replay(sqlite_site, number=reports["trainees"].batch, by="test")
    assert len(rows(sqlite_site, trainee.c.class_id)) == 2


def test_a_look_beforehand_stores_nothing_and_says_what_would_come(sqlite_site: Site, tmp_path: Path) -> None:
    archive = packed(write(tmp_path / "p", WORLD, NEW))
    seen = {one.stream: one for one in preview(sqlite_site, archive, "oneroster")}
    assert (seen["people"].rows_read, seen["people"].rows_passed, seen["people"].rows_bad) == (2, 2, 0)
    assert seen["trainees"].samples[0].raw["_received"]
    assert "" not in seen  # no file that nobody reads
    assert rows(sqlite_site, person.c.key) == []
    (broken,) = preview(sqlite_site, tmp_path / "p" / "users.csv", "oneroster_school")[:1]
    assert broken.stream == "people"


@pytest.mark.parametrize(
    ("said", "version", "told"),
    [
        ({"users": "absent"}, OLD, "说没有（absent）users.csv，包里却有"),
        ({"resources": "bulk"}, OLD, "说有 resources.csv，包里却没有"),
        ({"users": "all"}, OLD, "users=all 认不出，应为：bulk、delta、absent"),
        ({}, "1.0", "oneroster.version 是“1.0”，认识的有：1.1、1.2"),
    ],
)
def test_a_manifest_that_the_package_contradicts_is_told_and_nothing_comes_in(
    sqlite_site: Site, tmp_path: Path, said: dict[str, str], version: str, told: str
) -> None:
    folder = write(tmp_path / "p", WORLD, OLD, **said)
    text = (
        (folder / "manifest.csv").read_text().replace("oneroster.version,1.1", f"oneroster.version,{version}")
    )
    (folder / "manifest.csv").write_text(text)
    with pytest.raises(InputError) as error:
        bring(sqlite_site, packed(folder))
    assert told in error.value.message
    assert error.value.message.startswith("p.zip：")
    assert rows(sqlite_site, person.c.key) == []


def test_a_package_without_a_manifest_and_one_without_a_column_are_told(
    sqlite_site: Site, tmp_path: Path
) -> None:
    folder = write(tmp_path / "p", WORLD)
    (folder / "orgs.csv").write_text("sourcedId,title\n1,x\n")
    with pytest.raises(InputError, match=r"orgs.csv：缺少 OneRoster 规定的列 name、type"):
        bring(sqlite_site, folder)
    (folder / "manifest.csv").unlink()
    with pytest.raises(
        InputError, match=r"p：不是 OneRoster 包：没有 manifest.csv；里面有：academicSessions.csv"
    ):
        bring(sqlite_site, folder)


def test_a_file_that_the_manifest_does_not_name_is_not_read_and_that_is_told(
    sqlite_site: Site, tmp_path: Path
) -> None:
    folder = write(tmp_path / "p", WORLD, demographics="")
    reports = bring(sqlite_site, folder)
    assert "demographics" not in reports
    assert "没有说 demographics.csv 是全量还是增量" in reports["schools"].message


def test_a_stray_quotation_mark_and_a_short_row_spoil_themselves_only(
    sqlite_site: Site, tmp_path: Path
) -> None:
    folder = write(tmp_path / "p", WORLD)
    lines = (folder / "users.csv").read_text().splitlines()
    lines[2:2] = ['x1,,"', "x2,,2022-01-01"]
    (folder / "users.csv").write_text("\n".join(lines) + "\n")
    report = bring(sqlite_site, folder)["people"]
    assert (report.rows_stored, sorted(report.codes)) == (2, [("ragged_row", 1), ("unpaired_quote", 1)])
    assert [line for (line,) in rows(sqlite_site, quarantine.c.line)] == [3, 4]


# --- archives ------------------------------------------------------------------------------------------------


def archive_of(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries:
            target.writestr(name, content)
    return path


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("a.csv")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([("../a.csv", b"1")], "路径指到文件夹外面"),
        ([("/a.csv", b"1")], "路径指到文件夹外面"),
        ([("x\\..\\..\\a.csv", b"1")], "路径指到文件夹外面"),
        ([("C:a.csv", b"1")], "路径指到文件夹外面"),
        ([(link(), b"/etc/passwd")], "是一个链接"),
        ([("a.csv", b"1"), ("A.csv", b"2")], "两个“A.csv”"),
        ([("a.csv", b"0" * 3_000_000)], "解开后超过 2 MB"),
        ([(f"{n}.csv", b"") for n in range(6)], "有 6 个文件，最多 5 个"),
        ([], "压缩包是空的"),
    ],
)
def test_an_archive_that_would_do_harm_is_refused(
    tmp_path: Path, entries: list[tuple[str | zipfile.ZipInfo, bytes]], told: str
) -> None:
    archive = archive_of(tmp_path / "a.zip", *entries)
    (tmp_path / "in" / "deep").mkdir(parents=True)
    with pytest.raises(InputError) as error:
        unpack(archive, tmp_path / "in" / "deep", most_bytes=2 << 20, most_files=5)
    assert told in error.value.message
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != archive]
    assert all(path.is_relative_to(tmp_path / "in" / "deep") for path in written)


def test_an_archive_with_one_folder_and_chinese_names_is_that_folder(tmp_path: Path) -> None:
    archive = archive_of(
        tmp_path / "a.zip", ("包/名单.csv", b"1"), ("__MACOSX/x", b""), ("包/.DS_Store", b"")
    )
    (tmp_path / "in").mkdir()
    assert [path.name for path in unpack(archive, tmp_path / "in").iterdir()] == ["名单.csv"]


def test_an_archive_on_the_page_waits_as_its_files_and_comes_in(sqlite_site: Site, tmp_path: Path) -> None:
    home = sqlite_site.settings.home
    archive = packed(write(tmp_path / "p", WORLD, NEW))
    receive(home, 1, "名册.zip", io.BytesIO(archive.read_bytes()), megabytes=1)
    from portrait.intake.upload import choose

    waiting = choose(home, 1, "oneroster")
    assert "manifest.csv" in [file.name for file in waiting.files]
    taken = take(sqlite_site, 1, by="test")
    assert taken.refused == ()
    assert sum(report.rows_stored for report in taken.reports) == 11
    assert upload_of(home, 1).files == ()


# --- the public samples --------------------------------------------------------------------------------------


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="没有公开样例 ../shared/data/platforms/oneroster")
@pytest.mark.parametrize("name", ["Test_minimal_data_set.zip", "v1p2_full_dataset.zip"])
def test_the_public_samples_come_in_whole(sqlite_site: Site, name: str) -> None:
    reports = bring(sqlite_site, SAMPLES / name)
    assert {stream: (r.rows_stored, r.rows_quarantined, r.counts.rows_passed) for stream, r in reports.items()} == {
        "schools": (0, 0, 1), "providers": (1, 0, 0), "people": (4, 0, 2), "classes": (2, 0, 0), "trainees": (4, 0, 2),
    }  # fmt: skip
