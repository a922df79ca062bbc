"""Files between the browser and the door: they wait per person, are judged by reading, and are stored only when taken."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portrait.clock import now
from portrait.errors import InputError, LakeBusy
from portrait.intake import upload
from portrait.intake.upload import (
    MOST_FILES,
    choose,
    receive,
    remove,
    safe_name,
    suggested,
    sweep_uploads,
    take,
    upload_of,
)
from portrait.site import Site
from portrait.store.lease import writing
from portrait.store.schema import batch
from tests.export import LOG, ROWS, csv_text

ME, OTHER = 9, 8


def give(home: Path, name: str, content: bytes, *, user: int = ME, megabytes: int = 1) -> Path:
    return receive(home, user, name, io.BytesIO(content), megabytes=megabytes)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("成绩.csv", "成绩.csv"),
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\王\\成绩.csv", "成绩.csv"),
        ("..", "文件"),
        ("", "文件"),
        (".hidden.csv", "hidden.csv"),
        ("~$成绩.xlsx", "$成绩.xlsx"),
        ("a\0b\n\u202ec.csv", "abc.csv"),
        ("长" * 300 + ".csv", "长" * 76 + ".csv"),
        ("长" * 300 + ".csv.gz", "长" * 73 + ".csv.gz"),
        ("tracking.log-20220510.gz", "tracking.log-20220510.gz"),
    ],
)
def test_a_name_keeps_nothing_that_could_lead_elsewhere(given: str, kept: str) -> None:
    assert safe_name(given) == kept
    assert len(safe_name(given).encode()) <= 255


def test_files_wait_for_the_person_who_sent_them_only(tmp_path: Path) -> None:
    give(tmp_path, "../成绩.csv", b"a\n1\n")
    give(tmp_path, "成绩.csv", b"a\n2\n", user=OTHER)
    (mine,) = upload_of(tmp_path, ME).files
    assert (mine.name, mine.read_bytes()) == ("成绩.csv", b"a\n1\n")
    assert mine.is_relative_to(tmp_path / "upload")
    remove(tmp_path, ME)
    assert upload_of(tmp_path, ME).files == ()
    assert len(upload_of(tmp_path, OTHER).files) == 1


def test_a_file_of_the_same_name_replaces_the_one_before_and_changes_the_stamp(tmp_path: Path) -> None:
    give(tmp_path, "a.csv", b"a\n1\n")
    before = upload_of(tmp_path, ME).stamp
    give(tmp_path, "a.csv", b"a\n12\n")
    after = upload_of(tmp_path, ME)
    assert [file.read_bytes() for file in after.files] == [b"a\n12\n"]
    assert after.stamp != before


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "a.csv：文件是空的"),
        ("a.csv", b"x" * (1 << 20) + b"x", "a.csv：超过 1 MB 的上限"),
        ("a.exe", b"x", "a.exe：不收这种文件"),
        ("a.zip", b"PK\x03\x04", "a.zip：压缩包已损坏"),
        ("a.csv.gz", b"\x1f\x8b", "a.csv.gz：压缩文件已损坏：没有传完，后面缺了一截"),
        (
            "a.csv.gz",
            gzip.compress(b"x" * 99, mtime=0)[:-8] + b"wrong!!!",
            "压缩文件已损坏：解开的内容和校验和对不上",
        ),
        ("a.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff", "压缩文件已损坏：压缩的内容有损坏"),
        ("a.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-9], "a.csv.gz：压缩文件已损坏"),
        ("a.csv.gz", gzip.compress(b"x" * ((1 << 20) + 1), mtime=0), "a.csv.gz：压缩包解开后超过 1 MB"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), "a.csv.gz：文件是空的"),
        ("a.csv.gz", gzip.compress(b"PK\x03\x04....", mtime=0), "内容却是压缩包或 Excel 工作簿"),
        ("a.xlsx.gz", gzip.compress(b"PK\x03\x04", mtime=0), "a.xlsx.gz：不收这种文件"),
        ("a.tar.gz", gzip.compress(b"x", mtime=0), "别的压缩包请先解开"),
        ("gz.gz", gzip.compress(b"x", mtime=0), "gz.gz：不收这种文件"),
        ("a", b"x", "不收这种文件"),
        ("a.csv", b"PK\x03\x04....", "应为文本文件，内容却是压缩包或 Excel 工作簿"),
        ("a.jsonl", b"PAR1....", "内容却是 Parquet"),
        ("a.xlsx", b"a,b\n1,2\n", "a.xlsx：内容不是 Excel 工作簿"),
        ("a.parquet", b"a,b\n1,2\n", "a.parquet：内容不是 Parquet 文件"),
    ],
)
def test_what_cannot_be_taken_is_told_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    with pytest.raises(InputError) as error:
        give(tmp_path, name, content)
    assert told in error.value.message
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_largest_file_that_is_allowed_is_allowed(tmp_path: Path) -> None:
    assert give(tmp_path, "a.csv", b"x" * (1 << 20)).stat().st_size == 1 << 20


@pytest.mark.parametrize(
    "name", ["成绩.csv.gz", "LOG.JSONL.GZ", "tracking.log-20220510.gz", "tracking.log.2.gz"]
)
def test_a_gzipped_text_waits_as_it_came(tmp_path: Path, name: str) -> None:
    content = gzip.compress(b"x" * (1 << 20))
    waiting = give(tmp_path, name, content)
    assert (waiting.name, waiting.read_bytes()) == (name, content)


def test_a_gzipped_export_is_taken_from_the_box_and_inside_an_archive(site: Site, tmp_path: Path) -> None:
    home, box = site.settings.home, io.BytesIO()
    (home / "mapping").mkdir(parents=True)
    (home / "mapping" / "log.yaml").write_text(LOG, encoding="utf-8")
    give(home, "log.csv.gz", gzip.compress(csv_text(ROWS[:2]).encode()))
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr("log-2.csv.gz", gzip.compress(csv_text(ROWS[1:]).encode()))
    give(home, "logs.zip", box.getvalue())
    choose(home, ME, "log")
    taken = take(site, ME, by="某人")
    assert not taken.refused
    assert sum(report.rows_stored for report in taken.reports) == len(ROWS)


def test_not_more_files_than_the_limit_may_wait(tmp_path: Path) -> None:
    for number in range(MOST_FILES):
        give(tmp_path, f"{number}.csv", b"a\n")
    give(tmp_path, "0.csv", b"b\n")
    with pytest.raises(InputError, match="一次最多"):
        give(tmp_path, "more.csv", b"a\n")


def test_an_upload_that_nobody_touched_for_a_day_is_swept(tmp_path: Path) -> None:
    old, young = give(tmp_path, "a.csv", b"a\n"), give(tmp_path, "a.csv", b"a\n", user=OTHER)
    long_ago = (now() - timedelta(hours=25)).timestamp()
    for path in (old, old.parent, old.parent.parent):
        os.utime(path, (long_ago, long_ago))
    sweep_uploads(tmp_path, now())
    assert (old.exists(), young.exists()) == (False, True)
    sweep_uploads(tmp_path / "nothing", now())


def test_one_file_can_be_taken_back_and_only_one_that_waits(tmp_path: Path) -> None:
    give(tmp_path, "a.csv", b"a\n")
    give(tmp_path, "b.csv", b"a\n")
    choose(tmp_path, ME, "demo_yuyan")
    remove(tmp_path, ME, "../source")
    remove(tmp_path, ME, "a.csv")
    left = upload_of(tmp_path, ME)
    assert ([file.name for file in left.files], left.source) == (["b.csv"], "demo_yuyan")


@pytest.mark.parametrize("name", ["", "nothing", "../secret", "/etc/passwd.yaml"])
def test_only_a_mapping_that_is_listed_can_be_chosen(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="demo_yuyan"):
        choose(tmp_path, ME, name)


def test_the_one_mapping_that_uses_every_file_is_suggested(tmp_path: Path) -> None:
    assert suggested(tmp_path, upload_of(tmp_path, ME)) == ""
    give(tmp_path, "学习日志-001.csv", b"a\n")
    assert suggested(tmp_path, upload_of(tmp_path, ME)) == "demo_yuyan"
    give(tmp_path, "别的.csv", b"a\n")
    assert suggested(tmp_path, upload_of(tmp_path, ME)) == ""


def send(site: Site, folder: Path, *names: str) -> None:
    for name in names:
        with (folder / name).open("rb") as file:
            receive(site.settings.home, ME, name, file, megabytes=10)


def test_files_are_taken_in_the_order_of_their_mapping_and_then_no_longer_wait(
    sqlite_site: Site, tiny_folder: Path
) -> None:
    home = sqlite_site.settings.home
    # By name the trainees would come before the classes that they are in.
    send(
        sqlite_site,
        tiny_folder / "registry",
        "参训学员.xlsx",
        "培训班次.xlsx",
        "承训单位.xlsx",
        "课程目录.xlsx",
    )
    choose(home, ME, "demo_registry")
    told: list[float] = []
    taken = take(sqlite_site, ME, by="admin", progress=lambda _text, share: told.append(share))
    counts = {report.stream: (report.rows_read, report.rows_stored) for report in taken.reports}
    assert list(counts) == ["providers", "courses", "classes", "trainees"]
    assert counts["classes"] == (3, 3)
    assert counts["trainees"] == (8, 8)
    assert taken.refused == ()
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] <= 1
    assert upload_of(home, ME).files == ()


def test_a_file_that_cannot_be_read_is_told_and_does_not_stop_the_others(
    sqlite_site: Site, tiny_folder: Path
) -> None:
    home = sqlite_site.settings.home
    send(sqlite_site, tiny_folder / "yuyan", "成绩.csv")
    give(home, "学习日志.csv", "继教编号,课程代码\n1,2\n".encode())
    give(home, "别的.csv", b"a\n1\n")
    choose(home, ME, "demo_yuyan")
    taken = take(sqlite_site, ME, by="admin")
    assert [(report.stream, report.rows_quarantined) for report in taken.reports] == [("marks", 1)]
    refused = dict(taken.refused)
    assert "缺少" in refused["学习日志.csv"]
    assert "没有用得上" in refused["别的.csv"]
    assert str(home) not in str(refused)


class Slow(io.BytesIO):
    """An upload during which something else happens, before its last block."""

    def __init__(self, content: bytes, meanwhile: Callable[[], object]) -> None:
        super().__init__(content)
        self.meanwhile = meanwhile

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        if not block:
            self.meanwhile()
        return block


def test_a_file_that_arrives_after_the_intake_it_was_begun_before_waits_for_the_next(
    sqlite_site: Site, tiny_folder: Path
) -> None:
    home = sqlite_site.settings.home
    send(sqlite_site, tiny_folder / "yuyan", "成绩.csv")
    choose(home, ME, "demo_yuyan")
    late = Slow(b"a\n1\n", lambda: take(sqlite_site, ME, by="admin"))
    receive(home, ME, "学习日志.csv", late, megabytes=1)
    assert [(file.name, file.read_bytes()) for file in upload_of(home, ME).files] == [
        ("学习日志.csv", b"a\n1\n")
    ]


def test_a_file_that_lands_while_the_others_are_taken_is_not_removed_with_them(
    sqlite_site: Site, tiny_folder: Path
) -> None:
    home = sqlite_site.settings.home
    send(sqlite_site, tiny_folder / "yuyan", "成绩.csv")
    choose(home, ME, "demo_yuyan")

    def land(_text: str, _share: float) -> None:
        if len(upload_of(home, ME).files) == 1:
            give(home, "成绩.csv", b"a\n1\n")  # the next month's, under the same name
            give(home, "学习日志.csv", b"a\n2\n")

    taken = take(sqlite_site, ME, by="admin", progress=land)
    assert len(taken.reports) + len(taken.refused) == 1
    left = upload_of(home, ME)
    assert [file.read_bytes() for file in left.files] == [b"a\n2\n", b"a\n1\n"]
    assert left.source == "demo_yuyan"


def test_a_file_whose_last_block_comes_during_an_intake_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    running: list[str] = []

    def still() -> None:
        if running:
            raise InputError("正在接入上一批文件，请等它结束")

    slow = Slow(b"a\n1\n", lambda: running.append("intake"))
    with pytest.raises(InputError, match="正在接入"):
        receive(tmp_path, ME, "a.csv", slow, megabytes=1, still=still)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_while_another_process_writes_the_files_wait_on(
    sqlite_site: Site, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "WAIT_SECONDS", 0.0)
    home = sqlite_site.settings.home
    send(sqlite_site, tiny_folder / "yuyan", "成绩.csv")
    choose(home, ME, "demo_yuyan")
    with writing(sqlite_site.registry), pytest.raises(LakeBusy):
        take(sqlite_site, ME, by="admin")
    assert [file.name for file in upload_of(home, ME).files] == ["成绩.csv"]
    with sqlite_site.registry.connect() as connection:
        assert connection.execute(select(func.count()).select_from(batch)).scalar_one() == 0
