"""Accounts that older rules numbered: intake waits for the rebuild, and the rebuild loses nothing that people said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import func, insert, select

from portrait import rebuild as rebuilding
from portrait.cli.check import examine
from portrait.confirmation import decide_record
from portrait.errors import LakeOutdated
from portrait.explain import compliance_of
from portrait.hashing import key_number
from portrait.identity import account_id, identify, load_secret, renamed
from portrait.intake.inbox import Inbox
from portrait.intake.replay import replay
from portrait.lake.renumber import Beside, beside
from portrait.lake.table import Lake, Standing
from portrait.reading import dimension_levels
from portrait.rebuild import rebuild
from portrait.record import Standing as Counts
from portrait.refresh import refresh
from portrait.site import Site
from portrait.store import number
from portrait.store.decided import decided_records
from portrait.store.decision import join_account
from portrait.store.question import history
from portrait.store.schema import (
    account,
    audit,
    claim,
    contest,
    enlisted,
    followup,
    identifier,
    link,
    ruling,
    trainee,
)
from portrait.store.seat import seat
from portrait.waiting import confirmed_records
from portrait.withdrawal import newest, restore, rule_on, said_of, withdraw, words_of
from tests.desk import waiting_queue
from tests.export import Export
from tests.hand import AT, Hand, cell_sums

MAP = """
name: lms
source: p
streams:
  - name: log
    file: log*
    target: record
    key: [{field: account}, 项目]
    fields:
      account: {from: 登录名, kind: native}
      name: {from: 姓名}
      course: {from: 课程}
      item: {from: 项目}
      kind: {from: 种类, map: {评: rating, 研: activity}}
      time: {from: 时间}
      score: {from: 分, max: 100, default: ""}
      credit: {from: 学时, default: ""}
"""
PHONE = "13912345678"
WHO = f"zhang{PHONE}"
HEAD = "登录名,姓名,课程,项目,种类,时间,分,学时"
ROWS = (
    f"{WHO},张,K1,一,评,2022-09-01,80,",
    f"{WHO},张,K1,二,评,2022-09-02,20,",
    f"{WHO},张,K1,三,研,2022-09-03,,4",
    f"{WHO},张,K1,四,评,2022-09-04,50,",
    "1300010002139,李,K1,一,评,2022-09-05,90,",
    "li,李,K1,二,评,2022-09-06,70,",
)
TODAY = "zhang***5678"


def of_before(patched: pytest.MonkeyPatch) -> None:
    """The rules of before: logins are kept as they are."""
    patched.setattr("portrait.identity.traces", lambda _text: [])
    patched.setattr("portrait.store.number.NAMING", 1)
    patched.setattr("portrait.intake.bench.NAMING", 1)


def record_of(site: Site, item: str) -> bytes:
    ((found,),) = site.pool.rows("SELECT DISTINCT id FROM landed WHERE item = ? AND account NOT IN (?, ?)", [
        item, account_id("p", "native", "li"), account_id("p", "native", "1300010002139"),
    ])  # fmt: skip
    return bytes(found)


@pytest.fixture
def home(site: Site, tmp_path: Path) -> Export:
    return made_before(site, tmp_path)


def made_before(site: Site, tmp_path: Path) -> Export:
    """A home of before. Of 张's four records one is confirmed, one withdrawn by its id, one by its key, one contested."""
    hand = Hand(site)
    hand.person(1, 2)
    hand.course(key_number("course", "p", "K1"), P2_1=100, P1_2=100)
    hand.training_class(70, key_number("course", "p", "K1"))
    made = Export(site, tmp_path / "in", MAP)
    made.put("log.csv", "\n".join([HEAD, *ROWS]) + "\n")
    with pytest.MonkeyPatch.context() as patched:
        of_before(patched)
        assert made.took() == (6, 6, 0, 0)
        old = account_id("p", "native", WHO)
        with site.registry.begin() as connection:
            join_account(connection, old, 1, by="管理员", now=AT, note="问过本人")
            for table in (enlisted, followup):
                row = {"class_id": 70, "account_id": old}
                more = {"answer": "asked", "by": "t", "at": AT} if table is followup else {"region": "410102"}
                connection.execute(insert(table).values(**row, **more))
            digest = identify("p", "native", WHO, b"").digest
            seat(connection, [old])
            connection.execute(
                insert(identifier).values(kind="native", digest=digest, hint=WHO[:20], person_id=1)
            )
        refresh(site)
        decide_record(site, None, record_of(site, "三"), "confirmed", by="校长")
        rule_on(site, "void", [record_of(site, "二")], reason="重复", by="管理员")
        withdraw(site, "p", None, [[WHO, "四"]], reason="代答", by="管理员")
        with site.registry.begin() as connection:
            connection.execute(insert(contest).values(
                person_id=1, record=record_of(site, "一"), text="不对", at=datetime(2022, 11, 1, tzinfo=UTC), due=date(2022, 12, 1),
            ))  # fmt: skip
        refresh(site)
    return made


def portraits(site: Site) -> tuple[Any, ...]:
    """Everything that is told of the two, but for numbers of accounts and records."""
    found = compliance_of(site, 1)
    hours = [one.value for one in (found.hours, found.offsite, found.themes)]
    return dimension_levels(site).to_pylist(), hours, sorted(row[1:] for row in cell_sums(site))


def test_nothing_comes_in_before_the_rebuild_and_nothing_is_lost_by_it(home: Export) -> None:
    site = home.site
    before = portraits(site)
    assert site.pool.rows(confirmed_records(site).sql) == [(record_of(site, "三"),)]
    withdraw(site, "p", None, [[WHO, "五"]], reason="代答", by="管理员")  # which has not come yet
    for come_in in (home.take, lambda: replay(site, by="t")):
        with pytest.raises(LakeOutdated, match=r"有 1 个账号的登录名里带着手机号.*portrait rebuild"):
            come_in()
    assert rebuild(site).renumbered == (account_id("p", "native", WHO, load_secret(site.settings.home)),)
    assert portraits(site) == before
    assert waiting_queue(site, None).total == 0
    assert site.pool.rows(confirmed_records(site).sql) == [(record_of(site, "三"),)], (
        "a running reader follows"
    )
    with site.registry.connect() as connection:
        shown = {row.shown: row for row in connection.execute(select(account))}
        assert set(shown) == {TODAY, "1300010002139", "li"}
        now = shown[TODAY].id
        assert (shown[TODAY].person_id, shown[TODAY].name) == (1, "张")
        (row,) = connection.execute(select(link).where(link.c.account_id == now))
        assert (row.state, row.decided_by, row.person_id) == ("active", "管理员", 1)
        assert row.note.startswith("问过本人（登录名遮盖后账号换了编号，原 ")
        (told,) = [one for one in history(connection) if one.thing == "link"]
        assert told.left.key == TODAY
        assert connection.scalar(select(audit.c.object).where(audit.c.action == "account.renumber")) == str(
            now
        )
        for table in (trainee, enlisted, followup):
            assert connection.execute(select(table.c.account_id)).scalars().all() == [now]
        assert connection.execute(select(identifier.c.hint)).scalars().all() == [TODAY]
        assert connection.scalar(select(contest.c.record)) == record_of(site, "一")
    by_id, by_key, seen = (newest(site, [record_of(site, item)])[0] for item in ("二", "四", "三"))
    words = words_of(site, [by_id, by_key])
    assert [words[one.id].withdrawn for one in (by_id, by_key)] == [True, True]
    assert [one.by for one in said_of(site, [by_id])] == ["管理员"]
    decided = decided_records(site.registry)[seen.id]
    assert (decided.state, decided.facts, decided.by) == ("confirmed", seen.facts, "校长")
    home.put("log.csv", "\n".join([HEAD, *ROWS, f"{WHO},张,K1,五,评,2022-09-07,100,"]) + "\n")
    assert home.took() == (7, 1, 6, 0), "the same rows add nothing"
    assert rebuild(site).renumbered == ()
    assert portraits(site) == before, "what was withdrawn before it came counts nothing"


def opened(site: Site) -> Site:
    """As a process sees it that starts now."""
    return Site(site.settings, site.registry, Lake(site.lake.folder, site.lake.wanted))


def told(site: Site) -> tuple[Any, ...]:
    """What is told of the two, and of what people decided."""
    fresh = opened(site)
    found = {item: newest(fresh, [record_of(fresh, item)])[0] for item in "一二三四"}
    words = words_of(fresh, list(found.values()))
    said = [(words[one.id].withdrawn, words[one.id].confirmed, one.state, one.flag) for one in found.values()]
    confirmed = [row[0] for row in fresh.pool.rows(confirmed_records(fresh).sql)]
    return (*portraits(fresh), said, waiting_queue(fresh, None).total, confirmed == [found["三"].id])


def killed(*_given: Any) -> None:
    raise KeyboardInterrupt


def test_a_rebuild_killed_anywhere_hides_nothing_ends_the_same_and_keeps_the_door_shut_until_it_has_ended(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed three times, each time a step further on. Whoever reads or refreshes the lake that stands then finds it as it was."""
    made, stand = made_before(sqlite_site, tmp_path), Lake.stand
    before = told(sqlite_site)
    assert before[-2:] == (0, True)
    for what, instead in (
        ("portrait.rebuild._days", killed),
        ("portrait.lake.table.Lake.stand", lambda lake, to: stand(lake, to) if lake.folder.name != "lake" else killed()),
        ("portrait.renumber.drop", killed),
    ):  # fmt: skip
        with monkeypatch.context() as patched:
            patched.setattr(what, instead)
            with pytest.raises(KeyboardInterrupt):
                rebuild(sqlite_site)
        with pytest.raises(LakeOutdated, match="portrait rebuild"):
            made.take()
        assert told(sqlite_site) == before, what
        refresh(sqlite_site)
        assert told(sqlite_site) == before, what
    assert len(rebuild(sqlite_site).renumbered) == 1
    assert told(sqlite_site) == before
    assert list(decided_records(sqlite_site.registry)) == [record_of(sqlite_site, "三")]
    with sqlite_site.registry.connect() as connection:
        said = connection.execute(select(ruling.c.said).order_by(ruling.c.id)).scalars().all()
        assert said == ["confirm", "void", "void"], "no copy is left"
        assert connection.scalar(select(contest.c.record)) == record_of(sqlite_site, "一")
    assert made.took() == (6, 0, 6, 0)


def test_what_is_said_while_a_rebuild_runs_holds_when_it_has_ended(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of it while portraits are made, some when the new lake is just about to stand; a running reader follows."""
    site = sqlite_site
    made_before(site, tmp_path)
    days, stand = rebuilding._days, Lake.stand
    before = told(site)
    assert [row[0] for row in site.pool.rows(confirmed_records(site).sql)] == [record_of(site, "三")]

    def meanwhile(given: Site) -> Any:
        assert told(site) == before
        restored, old = [WHO, "四"], newest(site, [record_of(site, "四")])[0]
        restore(site, "p", None, [restored], reason="本人答的", by="管理员")
        assert not words_of(site, [old])[old.id].withdrawn
        rule_on(site, "void", [record_of(site, "一")], reason="重复", by="管理员")
        decide_record(site, None, record_of(site, "三"), "returned", "没有签名", by="校长")
        return days(given)

    def at_last(lake: Lake, to: Standing) -> None:
        if lake.folder.name == "lake":
            rule_on(site, "restore", [record_of(site, "二")], reason="不重复", by="管理员")
        stand(lake, to)

    monkeypatch.setattr(rebuilding, "_days", meanwhile)
    monkeypatch.setattr(Lake, "stand", at_last)
    assert len(rebuild(site).renumbered) == 1
    found = {item: newest(site, [record_of(site, item)])[0] for item in "一二三四"}
    assert {item: words_of(site, [one])[one.id].withdrawn for item, one in found.items()} == {
        "一": True, "二": False, "三": False, "四": False,
    }  # fmt: skip
    states = {item: one.state for item, one in found.items()}
    assert [item for item, state in states.items() if state is Counts.COUNTS] == ["二", "三", "四"], (
        "in force"
    )
    assert [one.said for one in said_of(site, [found["三"]])] == ["confirm", "return"]
    assert decided_records(site.registry)[found["三"].id].state == "returned"
    assert compliance_of(site, 1).hours.value == 0
    for reader in (site, opened(site)):
        assert waiting_queue(reader, None).total == 0
        assert reader.pool.rows(confirmed_records(reader).sql) == []
    with site.registry.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ruling)) == 7
        assert connection.scalar(select(func.count()).select_from(claim)) == 1


def test_only_a_lake_that_cannot_be_read_is_passed_over_and_that_is_told(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    site = sqlite_site
    made_before(site, tmp_path)
    with monkeypatch.context() as patched:

        def full(*_given: Any) -> None:
            raise duckdb.OutOfMemoryException("out of memory")

        patched.setattr(Beside, "_select", full)
        with pytest.raises(duckdb.OutOfMemoryException):
            rebuild(site)
    assert site.lake.standing.root == ""
    with site.registry.connect() as connection:
        whose = select(account.c.shown).join(link, link.c.account_id == account.c.id)
        assert connection.scalar(whose) == WHO, "nothing has been carried"
        assert connection.scalar(select(func.count()).select_from(ruling)) == 3
    ((file,),) = site.pool.rows(
        "SELECT filename FROM read_parquet(?, filename=true) WHERE score = 20", [site.lake.files("record")]
    )
    Path(file).write_bytes(b"PAR1 no more")
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", str(site.registry.url))
    ran = command("rebuild", "--home", site.settings.home)
    assert ran.code == 0
    assert f"旧湖有读不出来的（{Path(file).name}）" in "".join(ran.err.split())
    two = newest(site, [record_of(site, "二")])[0]
    assert not words_of(site, [two])[two.id].withdrawn, "who could say what it was"


@pytest.mark.parametrize("log", [None, "", "no log\n", '{"protocol":{"minReaderVersion":99}}\n'])
def test_of_a_lake_whose_log_says_nothing_nothing_is_read(tmp_path: Path, log: str | None) -> None:
    former, now = Lake(tmp_path / "former", 4), Lake(tmp_path / "now", 4)
    if log is not None:
        (former.path("record") / "_delta_log").mkdir(parents=True)
        (former.path("record") / "_delta_log" / f"{0:020}.json").write_text(log)
    with duckdb.connect() as engine:
        lakes = beside(engine, former, now, {1: 2})
        assert lakes.versions([b"r" * 16], [3]) == []
    assert len(lakes.unread) == 1


def test_a_watched_file_waits_for_the_rebuild_and_the_doctor_tells_why(
    sqlite_site: Site, tmp_path: Path
) -> None:
    made = made_before(sqlite_site, tmp_path)
    told = [one for one in examine(sqlite_site.settings) if one.name == "account"]
    assert [(one.state, one.advice.split()[:2]) for one in told] == [("wrong", ["portrait", "rebuild"])]
    folder = tmp_path / "inbox"
    folder.mkdir()
    inbox = Inbox(folder, str(made.mapping)).open()
    (folder / "log9.csv").write_text(f"{HEAD}\n{ROWS[0]}\n", encoding="utf-8")

    def look() -> None:
        for _ in range(3):  # a file is taken when it has looked the same twice
            list(inbox.take(sqlite_site, by="t"))

    for _ in range(2):
        with pytest.raises(LakeOutdated):
            look()
    assert [path.name for path in folder.rglob("log9.csv")] == ["log9.csv"]
    assert not list(folder.rglob("failed/log9.csv"))
    inbox.close()


def test_what_came_in_under_both_numbers_becomes_one_and_the_later_decision_holds(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home that took the same file in again before it knew better, and whose account was linked again by hand."""
    site, home = sqlite_site, made_before(sqlite_site, tmp_path)
    home.put("log2.csv", "\n".join([HEAD, ROWS[0], f"{WHO},张,K1,五,评,2022-09-07,60,"]) + "\n")
    with monkeypatch.context() as patched:
        patched.setattr("portrait.intake.door.check_numbers", lambda _site: None)
        home.take()
    now = account_id("p", "native", WHO, load_secret(site.settings.home))
    with site.registry.begin() as connection:
        join_account(connection, now, 2, by="别人", now=datetime(2022, 11, 20, tzinfo=UTC))
        connection.execute(insert(enlisted).values(class_id=70, account_id=now))
        seat(connection, [now])
        seats = connection.scalar(select(func.count()).select_from(trainee))
        assert seats == 2, "two, while they are two persons"
    rebuild(site)
    with site.registry.connect() as connection:
        rows = connection.execute(select(link).order_by(link.c.id)).all()
        assert [(row.account_id, row.person_id, row.state) for row in rows] == [
            (now, 1, "lapsed"),
            (now, 2, "active"),
        ]
        assert connection.scalar(select(account.c.person_id).where(account.c.id == now)) == 2
        assert connection.execute(select(trainee.c.account_id)).scalars().all() == [now]
    items = [
        item for (item,) in site.pool.rows("SELECT item FROM record WHERE account = ? ORDER BY item", [now])
    ]
    assert items == ["一", "三", "五"]


def test_an_account_is_of_before_only_if_its_number_is(sqlite_site: Site) -> None:
    secret = b"\x01" * 32
    for kind, text in (("native", WHO), ("native", "li"), ("staff", "410102199001011234"), ("phone", PHONE)):
        today = identify("p", kind, text, secret)
        assert renamed("p", today.kind, today.shown, account_id("p", kind, text, secret), secret) is None
    old = key_number("account", "p", "staff", "410102199001011234")
    found = renamed("p", "staff", "410102199001011234", old, secret)
    assert found == identify("p", "idno", "410102199001011234", secret)


def test_a_home_is_looked_through_once_for_each_rule(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, looked = Export(sqlite_site, tmp_path / "in", MAP), list[int]()
    made.put("log.csv", "\n".join([HEAD, *ROWS]) + "\n")
    look: Callable[..., Any] = number.renumbered
    newer = number.NAMING + 1
    monkeypatch.setattr(number, "renumbered", lambda *given: looked.append(1) or look(*given))
    made.take()
    made.take()
    assert looked == [1]
    for place in ("portrait.store.number.NAMING", "portrait.intake.bench.NAMING"):
        monkeypatch.setattr(place, newer)
    made.take()
    assert looked == [1, 1]
