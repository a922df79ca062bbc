"""The administrator's pages as their router and callbacks answer: files, ledger, quarantine, accounts, audit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from threading import Event
from urllib.parse import quote

import pytest
from sqlalchemy import func, insert, select, update

from portrait.errors import InputError
from portrait.hashing import key_number
from portrait.intake import upload as waiting
from portrait.intake.door import intake
from portrait.intake.upload import upload_of
from portrait.store import schema
from portrait.store.audit import recent_audit
from portrait.store.lease import writing
from portrait.store.user import find_user, locked_minutes, sign_in
from tests.press import ask, shown
from tests.readers import PASSWORD, READERS, START, Browser, browser, enlist, settle

ME = list(READERS).index("admin") + 1


@pytest.fixture
def home(sqlite_site):
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    return sqlite_site


@pytest.fixture
def admin(home):
    return browser(home, "admin")


@pytest.fixture
def filled(home, tiny_folder):
    """豫研在线 is in: three of its rows wait in quarantine."""
    intake(home, tiny_folder / "yuyan", "demo_yuyan", by="cli")
    return home


def job_of(page, name):
    """The job that a button began, once it is over."""
    job = page.app.server.extensions["jobs"].find(name)
    assert job is not None, name
    assert job.wait(60)
    return job


def send(page, path: Path, name: str = ""):
    return page.post(f"/intake/upload?name={quote(name or path.name)}", path.read_bytes())


def do(page, what, name=""):
    return shown(
        ask(page, {"type": "intake-do", "do": what, "name": name}, "n_clicks", 1, changes="intake-panel")
    )


def arrived(page):
    return shown(ask(page, "intake-arrived", "data", 1, changes="intake-panel"))


def tick(page):
    return shown(ask(page, "intake-tick", "n_intervals", 1, changes="intake-panel"))


def rows(home, table):
    with home.registry.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def actions(home, actor="admin"):
    return [row.action for row in recent_audit(home.registry, actor=actor)]


# --- files in --------------------------------------------------------------------------------------------------


def test_an_empty_house_says_what_to_do_first(admin):
    page = admin.open("/")
    assert "还没有接入过数据" in page
    assert "选择文件，或把文件拖到这里" in page
    assert "没有等待处理的行" in admin.open("/quarantine")


def test_files_are_previewed_taken_in_and_added_up_without_anything_stored_before(admin, home, tiny_folder):
    assert send(admin, tiny_folder / "yuyan" / "成绩.csv").status_code == 200
    assert send(admin, tiny_folder / "yuyan" / "学习日志.csv").status_code == 200
    arrived(admin)
    job_of(admin, f"preview:{ME}")
    page = tick(admin)
    assert "豫研在线（示范数据）（demo_yuyan）" in page  # the one mapping that these files fit
    assert "读到 28 行，24 行没有问题，1 行和同一文件里别的行是同一个记录，3 行会进隔离区并写明原因。" in page
    assert "得分超出满分 1" in page
    assert "得分应在 0 到满分之间" in page
    assert (rows(home, schema.batch), rows(home, schema.quarantine)) == (0, 0)
    assert not home.archive.exists()

    do(admin, "take")
    job_of(admin, f"intake:{ME}")
    page = tick(admin)
    assert "读入 28 = 入库 24 + 重复 1 + 隔离 3" in page
    assert "读入 20 = 入库 17 + 重复 1 + 隔离 2" in page
    assert "读入 8 = 入库 7 + 重复 0 + 隔离 1" in page
    assert "最近接入的是豫研在线的 成绩.csv 等 2 个文件" in page
    assert "28 行里入库 24 行" in page
    assert upload_of(home.settings.home, ME).files == ()
    assert actions(home)[:3] == ["intake", "upload", "upload"]

    do(admin, "refresh")
    job_of(admin, "refresh")
    assert "画像重算好了" in tick(admin)
    assert "选择文件，或把文件拖到这里" in do(admin, "read")


def test_the_reader_may_leave_and_finds_files_and_preview_again(admin, home, tiny_folder):
    send(admin, tiny_folder / "yuyan" / "成绩.csv")
    admin.open("/intake")
    job_of(admin, f"preview:{ME}")
    again = Browser(admin.app).sit_down(home.registry, ME)
    page = again.open("/intake")
    assert "读到 8 行，7 行没有问题" in page
    assert "成绩.csv" in page


def test_what_waits_for_one_administrator_is_not_shown_to_another(admin, home, tiny_folder):
    send(admin, tiny_folder / "yuyan" / "成绩.csv")
    with home.registry.begin() as connection:
        other = connection.execute(
            insert(schema.user).values(
                login="other", name="另一位", password="x", role="admin", active=True, created=START
            )
        ).inserted_primary_key[0]
    second = Browser(admin.app).sit_down(home.registry, other)
    assert "成绩.csv" not in second.open("/intake")
    do(second, "discard")
    do(second, "remove", "成绩.csv")
    assert [file.name for file in upload_of(home.settings.home, ME).files] == ["成绩.csv"]


def test_giving_up_leaves_nothing(admin, home, tiny_folder):
    send(admin, tiny_folder / "yuyan" / "成绩.csv")
    arrived(admin)
    job_of(admin, f"preview:{ME}")
    assert "选择文件，或把文件拖到这里" in do(admin, "discard")
    assert [path for path in (home.settings.home / "upload").rglob("*") if path.is_file()] == []
    assert rows(home, schema.batch) == 0


def test_one_file_may_be_taken_out_and_another_source_chosen(admin, home, tiny_folder):
    send(admin, tiny_folder / "yuyan" / "成绩.csv")
    send(admin, tiny_folder / "zhongyuan" / "作业等级.csv")
    assert "还没有选来源" in arrived(admin)  # no mapping uses both
    shown(ask(admin, "intake-source", "value", "demo_zhongyuan", changes="intake-panel"))
    job_of(admin, f"preview:{ME}")
    assert "没有用得上它的流" in tick(admin)
    do(admin, "remove", "成绩.csv")
    job_of(admin, f"preview:{ME}")
    page = tick(admin)
    assert "读到 3 行，2 行没有问题" in page
    assert "没有用得上它的流" not in page


def test_a_file_that_cannot_be_read_says_what_was_expected_and_not_where_it_lies(admin, home, tmp_path):
    path = tmp_path / "成绩.csv"
    path.write_text("继教编号,课程\n1,2\n", encoding="utf-8")
    send(admin, path)
    arrived(admin)
    job_of(admin, f"preview:{ME}")
    page = tick(admin)
    assert "是不是“课程”？" in page
    assert str(home.settings.home) not in page
    assert "没有一个文件能按这份映射读出来" in page
    assert "请先看新的预览" in do(admin, "take")
    assert rows(home, schema.batch) == 0


def small(site):
    """The site with the smallest limit there is: 1 MB."""
    return replace(site, settings=site.settings.model_copy(update={"upload_megabytes": 1}))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.pdf", b"%PDF-1.7", "不收这种文件"),
        ("a.csv", b"", "文件是空的"),
        ("a.csv", b"PK\x03\x04zip", "应为文本文件"),
        ("a.xlsx", b"a,b\n", "不是 Excel"),
        ("../../x.csv", b"x" * (1 << 20) + b"y", "x.csv：超过 1 MB 的上限"),
    ],
)
def test_a_file_that_is_refused_says_why_and_nothing_waits(home, name, content, told, tmp_path):
    page = browser(small(home), "admin")
    path = tmp_path / "given"
    path.write_bytes(content)
    answer = send(page, path, name)
    assert answer.status_code == 422
    assert told in answer.get_json()["message"]
    assert upload_of(home.settings.home, ME).files == ()


def test_files_far_beyond_the_limit_are_not_even_read(home):
    page = browser(small(home), "admin")
    assert page.post("/intake/upload?name=a.csv", b"x" * (1 << 21)).status_code == 413


def test_only_an_upload_may_have_a_long_body(home):
    page = browser(home, "admin")
    long = b"x" * (1 << 21)
    answer = page.post("/_dash-update-component", long, content_type="application/json")
    assert answer.status_code == 413
    assert page.post("/login", long).status_code == 413
    assert page.post("/intake/upload?name=a.csv", long).status_code == 200
    (file,) = upload_of(home.settings.home, ME).files
    assert file.read_bytes() == long
    stranger = browser(home)
    assert stranger.post("/login", long).status_code == 413
    assert stranger.post("/intake/upload?name=a.csv", long).status_code == 401


def test_while_another_process_writes_the_page_says_so_and_keeps_the_files(
    admin, home, tiny_folder, monkeypatch
):
    monkeypatch.setattr(waiting, "WAIT_SECONDS", 0.0)
    send(admin, tiny_folder / "yuyan" / "成绩.csv")
    arrived(admin)
    job_of(admin, f"preview:{ME}")
    with writing(home.registry):
        do(admin, "take")
        job_of(admin, f"intake:{ME}")
    page = tick(admin)
    assert "没有接入，文件还在这里，可以再试。" in page
    assert "请等它结束后再试" in page
    do(admin, "take")
    assert job_of(admin, f"intake:{ME}").result.reports[0].rows_stored == 7


def test_during_an_intake_the_files_are_not_touched(admin, home, tiny_folder, monkeypatch):
    reached, go_on = Event(), Event()

    def slow(*_args, **_more):
        reached.set()
        assert go_on.wait(30)
        raise InputError("慢")

    monkeypatch.setattr("dashboards.part.admin.desk.take", slow)
    send(admin, tiny_folder / "yuyan" / "成绩.csv")
    arrived(admin)
    job_of(admin, f"preview:{ME}")
    do(admin, "take")
    assert reached.wait(10)
    try:
        assert "正在接入" in admin.open("/intake")
        assert send(admin, tiny_folder / "yuyan" / "学习日志.csv").status_code == 422
        for what in ("discard", "remove", "take"):
            assert "请等它结束" in do(admin, what, "成绩.csv")
        assert [file.name for file in upload_of(home.settings.home, ME).files] == ["成绩.csv"]
    finally:
        go_on.set()
    job_of(admin, f"intake:{ME}")
    assert "慢" in tick(admin)


# --- the ledger ------------------------------------------------------------------------------------------------


def test_the_ledger_lists_batches_and_adds_up_sources(filled):
    page = browser(filled, "admin").open("/intake")
    assert "最近接入的是豫研在线的 成绩.csv" in page
    assert '"read": 20, "stored": 17, "duplicate": 1, "quarantined": 2' in page
    assert "隔离区有 3 行等待处理。" in page
    assert "/quarantine?source=yuyan" in page


def test_a_batch_that_failed_is_said_to_have_failed_and_replays_are_counted_apart(filled):
    me = browser(filled, "admin")
    assert "次重放" not in me.open("/intake")
    with filled.registry.begin() as connection:
        first = connection.execute(select(schema.batch).order_by(schema.batch.c.id)).mappings().first()
        again = {name: value for name, value in first.items() if name != "id"} | {
            "key": "r",
            "origin": first["id"],
        }
        connection.execute(insert(schema.batch).values(again))
        late = again | {
            "key": "f",
            "origin": None,
            "file": "坏.xlsx",
            "state": "failed",
            "source": "zhongyuan",
        }
        none = {name: 0 for name in late if name.startswith("rows_")}
        connection.execute(insert(schema.batch).values(late | none))
    page = me.open("/intake")
    assert "坏.xlsx" in page
    assert "接入失败，一行也没有入库；" in page
    assert "表里还有 1 次重放：读的是原来那批的行，不另算一批。" in page
    with filled.registry.begin() as connection:
        connection.execute(
            update(schema.batch).where(schema.batch.c.key == "f").values(source=first["source"])
        )
    page = me.open("/intake")
    assert "其中 1 批失败；" in page


def test_batches_are_filtered_by_source(filled, tiny_folder):
    intake(filled, tiny_folder / "zhongyuan", "demo_zhongyuan", by="cli")
    page = browser(filled, "admin")

    def files(source):
        answer = ask(page, "intake-shown", "value", source, changes="intake-batches")
        return [row["file"] for row in answer.get_json()["response"]["intake-batches"]["rowData"]]

    assert len(files(None)) == 4
    assert files("zhongyuan") == ["作业等级.csv", "学情导出.csv"]
    assert files("' or 1=1") == []


def test_one_batch_shows_what_became_of_it_and_the_look_is_noted(filled):
    page = browser(filled, "admin").open("/intake", "?batch=1")
    for part in (
        "第 1 号批次",
        "读入 20 = 入库 17 + 重复 1 + 隔离 2",
        "demo_yuyan@1",
        "日期或时间不对",
        "L015",
    ):
        assert part in page
    assert re.search(r"[0-9a-f]{64}", page)
    newest = recent_audit(filled.registry, actor="admin")[0]
    assert (newest.action, newest.object) == ("look", "batch:1")


def test_a_batch_that_there_is_not_is_a_page_that_there_is_not(filled):
    page = browser(filled, "admin")
    assert "没有这个页面" in page.open("/intake", "?batch=99")
    assert "数据接入" in page.open("/intake", "?batch=x")


def test_a_click_on_a_batch_leads_to_it(filled):
    page = browser(filled, "admin")
    answer = ask(page, "intake-batches", "cellClicked", {"rowId": "2"}, changes="url")
    assert answer.get_json()["response"]["url"]["search"] == "?batch=2"
    forged = ask(page, "intake-batches", "cellClicked", {"rowId": "2&x=<b>"}, changes="url")
    assert "batch" not in shown(forged)


# --- quarantine ------------------------------------------------------------------------------------------------


def row_of(home, code):
    with home.registry.connect() as connection:
        return connection.execute(select(schema.quarantine).where(schema.quarantine.c.code == code)).one()


def open_row(page, key):
    return shown(ask(page, "quarantine-rows", "cellClicked", {"rowId": str(key)}, changes="drawer-content"))


def handle(page, row, what, **cells):
    """Presses a button of a row's drawer, whose cells hold the row's own values but for `cells`."""
    ids = [{"type": "quarantine-cell", "row": str(row.id), "cell": index} for index in range(len(row.raw))]
    values = [cells.get(name, value) for name, value in row.raw.items()]
    return ask(
        page,
        {"type": "quarantine-do", "row": str(row.id), "do": what},
        "n_clicks",
        1,
        changes="drawer-content",
        quarantine_cell=list(zip(ids, values, strict=True)),
    )


def test_the_quarantine_lists_rows_with_place_reason_and_raw(filled):
    page = browser(filled, "admin").open("/quarantine")
    for part in ("3 行等待处理", "成绩.csv", "得分“105 / 100”：得分应在 0 到满分之间", "2022-02-30", "点赞"):
        assert part in page
    newest = recent_audit(filled.registry, actor="admin")[0]
    assert (newest.action, newest.object) == ("look", "quarantine")


@pytest.mark.parametrize(
    ("search", "n"),
    [
        ("", 3),
        ("?source=yuyan", 3),
        ("?source=zhongyuan", 0),
        ("?batch=1", 2),
        ("?batch=2", 1),
        ("?code=beyond_scale", 1),
        ("?batch=1&code=beyond_scale", 0),
        ("?state=all", 3),
        ("?state=dismissed", 0),
        ("?state=nonsense", 3),
    ],
)
def test_rows_are_filtered_by_source_batch_reason_and_state(filled, search, n):
    page = browser(filled, "admin").open("/quarantine", search)
    assert (f"共 {n} 行" in page) is (n > 0)
    assert ("没有符合筛选的行" in page) is (n == 0)


def test_a_filter_becomes_the_address_and_a_new_source_drops_batch_and_reason(filled):
    page = browser(filled, "admin")

    def after(name, value, search):
        answer = ask(
            page,
            {"type": "quarantine-filter", "name": name},
            "value",
            value,
            changes="url",
            url=search,
        )
        return (answer.get_json(silent=True) or {}).get("response", {}).get("url", {}).get("search")

    assert after("code", "bad_time", "?batch=1") == "?batch=1&code=bad_time"
    assert after("state", "open", "?batch=1") is None
    assert after("source", "yuyan", "?batch=1&code=bad_time&state=all") == "?source=yuyan&state=all"


def test_a_bad_cell_is_mended_and_its_row_stored(filled):
    page, row = browser(filled, "admin"), row_of(filled, "beyond_scale")
    opened = open_row(page, row.id)
    assert "得分超出满分" in opened
    assert "问题在这一格" in opened
    told = shown(handle(page, row, "mend", 得分="95"))
    assert "重放 1 行：入库 1，重复 0，仍不能入库 0。" in told
    again = row_of(filled, "beyond_scale")
    assert (again.state, again.decided_by) == ("replayed", "admin")
    assert actions(filled)[:2] == ["mend", "look"]
    page_of_batch = page.open("/intake", "?batch=2")
    assert "读入 8 = 入库 8 + 重复 0 + 隔离 0" in page_of_batch


def test_a_row_is_mended_from_its_batch_too_and_the_batch_is_counted_anew(filled):
    page, row = browser(filled, "admin"), row_of(filled, "beyond_scale")
    opened = ask(page, "batch-rows", "cellClicked", {"rowId": str(row.id)}, changes="drawer-content")
    assert "问题在这一格" in shown(opened)
    ids = [{"type": "batch-cell", "row": str(row.id), "cell": index} for index in range(len(row.raw))]
    values = [{"得分": "95"}.get(name, value) for name, value in row.raw.items()]
    button = {"type": "batch-do", "row": str(row.id), "do": "mend"}
    cells = list(zip(ids, values, strict=True))
    told = shown(ask(page, button, "n_clicks", 1, changes="drawer-content", batch_cell=cells))
    assert "重放 1 行：入库 1，重复 0，仍不能入库 0。" in told
    again = shown(ask(page, "batch-changed", "data", 1, changes="batch-page", url="?batch=2"))
    assert "读入 8 = 入库 8 + 重复 0 + 隔离 0" in again
    assert "重放过" in again


def test_a_mended_cell_that_is_still_wrong_stays_with_the_new_reason(filled):
    page, row = browser(filled, "admin"), row_of(filled, "beyond_scale")
    told = shown(handle(page, row, "mend", 得分="很多"))
    assert "仍不能入库 1" in told
    assert "得分“很多”：应为数字" in told
    assert row_of(filled, "not_a_number").state == "open"


def test_a_row_is_replayed_as_it_is_or_given_up(filled):
    page, row = browser(filled, "admin"), row_of(filled, "beyond_scale")
    assert "重放 1 行：入库 0，重复 0，仍不能入库 1。" in shown(handle(page, row, "replay"))
    assert "1 行不再处理" in shown(handle(page, row, "dismiss"))
    assert row_of(filled, "beyond_scale").state == "dismissed"
    assert "不再处理" in page.open("/quarantine", "?state=dismissed")
    assert "没有做成" in shown(handle(page, row, "mend", 得分="95"))


@pytest.mark.parametrize("key", ["999", "-1", "x", "", "9" * 40, "१"])
def test_a_forged_row_opens_nothing_and_changes_nothing(filled, key):
    page = browser(filled, "admin")
    assert "继教编号" not in open_row(page, key)
    button = {"type": "quarantine-do", "row": key, "do": "dismiss"}
    shown(ask(page, button, "n_clicks", 1, changes="drawer-content"))
    with filled.registry.connect() as connection:
        states = set(connection.execute(select(schema.quarantine.c.state)).scalars())
    assert states == {"open"}


def replay_all(page, search=""):
    return shown(ask(page, "quarantine-replay", "n_clicks", 1, changes="quarantine-progress", url=search))


def test_only_the_rows_of_the_filter_are_replayed_together(filled):
    page = browser(filled, "admin")
    replay_all(page, "?batch=1&code=bad_time")
    report = job_of(page, f"replay:{ME}").result
    assert (report.rows, report.stored, report.still) == (1, 0, 1)
    assert "重放 1 行：入库 0，重复 0，仍不能入库 1。" in page.open("/quarantine")
    replay_all(page, "?source=yuyan")
    assert job_of(page, f"replay:{ME}").result.rows == 3


@pytest.mark.parametrize("search", ["?source=nobody", "?code=nonsense", "?state=dismissed", "?batch=99"])
def test_a_filter_that_finds_nothing_replays_nothing(filled, search):
    page = browser(filled, "admin")
    assert "没有可以重放的行" in replay_all(page, search)
    assert "replay" not in actions(filled)


def test_a_replay_beside_another_writer_is_told_kindly(filled, monkeypatch):
    monkeypatch.setattr("dashboards.admin.quarantine.WAIT_SECONDS", 0.0)
    monkeypatch.setattr("dashboards.part.admin.handling.WAIT_SECONDS", 0.0)
    page = browser(filled, "admin")
    with writing(filled.registry):
        assert "请等它结束后再试" in shown(handle(page, row_of(filled, "beyond_scale"), "replay"))
        replay_all(page)
        job_of(page, f"replay:{ME}")
    assert "请等它结束后再试" in page.open("/quarantine")


# --- accounts --------------------------------------------------------------------------------------------------


def press_user(page, key, what):
    return shown(
        ask(page, {"type": "user-do", "user": str(key), "do": what}, "n_clicks", 1, changes="drawer-content")
    )


def save(page, login, role, code=None, name=""):
    given = [({"type": "user-code", "role": role}, code)] if code is not None else []
    return shown(
        ask(page, "user-save", "n_clicks", 1, changes="user-said",
            user_login=login, user_name=name, user_role=role, user_code=given)
    )  # fmt: skip


def password_in(said):
    found = re.search(r'"([a-z2-9]{4}(?:-[a-z2-9]{4}){3})"', said)
    assert found, said
    return found[1]


def fits(home, login, password):
    tried = sign_in(home.registry, login, password, "a", failures=5, minutes=15, now=START)
    return tried.reason == "ok"


def test_accounts_are_listed_and_found_without_any_password(admin, home):
    page = admin.open("/users")
    assert "9 个账号" in page
    assert "argon2" not in page
    assert find_user(home.registry, "teacher").password not in page

    def logins(text, role=None):
        found = shown(ask(admin, "user-search", "value", text, changes="user-list", user_shown=role))
        return re.findall(r'"key": "\d+", "login": "([\w-]+)"', found)

    assert logins("teach") == ["teacher"]
    assert logins("k2") == ["colleague"]
    assert logins("", "bureau") == ["bureau", "county"]
    assert logins("%") == []
    assert logins("读者", "office") == ["office", "office-a"]


def test_an_account_is_opened_with_what_binds_it(admin, home):
    number = find_user(home.registry, "teacher").id
    body = shown(ask(admin, "user-grid", "cellClicked", {"rowId": str(number)}, changes="drawer-content"))
    assert "k1 · 甲教师本人" in body
    assert actions(home)[0] == "look"
    missing = shown(ask(admin, "user-grid", "cellClicked", {"rowId": "999"}, changes="drawer-content"))
    assert "没有这个账号" in missing


def test_a_new_account_gets_a_password_that_is_shown_once_and_works(admin, home):
    said = save(admin, "li", "bureau", "410200", "开封市教育局")
    password = password_in(said)
    row = find_user(home.registry, "li")
    assert (row.role, row.region, row.name) == ("bureau", "410200", "开封市教育局")
    assert fits(home, "li", password)
    assert password not in admin.open("/users")
    assert password not in str(recent_audit(home.registry))
    assert "user.add" in actions(home)


@pytest.mark.parametrize(
    ("login", "role", "code", "told"),
    [
        ("x", "", None, "请选角色"),
        ("x", "king", None, "请选角色"),
        ("", "admin", None, "登录名要有"),
        ("teacher", "admin", None, "已经有人用了"),
        ("x", "teacher", "", "请填继教编号"),
        ("x", "teacher", "NOBODY", "没有继教编号是“NOBODY”的"),
        ("x", "trainer", "NOBODY", "没有机构代码是“NOBODY”的"),
        ("x", "school", "NOBODY", "没有学校代码是“NOBODY”的"),
        ("x", "bureau", "999999", "没有行政区划"),
        ("x", "office", "OFFICE_X", "没有项目办"),
    ],
)
def test_what_is_wrong_with_a_new_account_is_named_and_nothing_added(admin, home, login, role, code, told):
    before = rows(home, schema.user)
    assert told in save(admin, login, role, code)
    assert rows(home, schema.user) == before


def test_the_name_behind_a_code_is_shown_before_anybody_is_bound_to_it(admin, home):
    with home.registry.begin() as connection:
        connection.execute(
            insert(schema.person).values(id=key_number("person", "HJ1"), key="HJ1", name="王核对", extra={})
        )

    def check(role, code):
        id = {"type": "user-code", "role": role}
        return shown(ask(admin, id, "value", code, changes="user-bound"))

    assert "王核对" in check("teacher", " hj1 ")
    newest = recent_audit(home.registry, actor="admin")[0]
    assert (newest.action, newest.object) == ("look", f"person:{key_number('person', 'HJ1')}")
    assert "没有继教编号是“HJ2”的" in check("teacher", "HJ2")
    assert "王核对" not in check("admin", "HJ1")
    password = password_in(save(admin, "wang", "teacher", "HJ1"))
    assert fits(home, "wang", password)
    assert find_user(home.registry, "wang").person_id == key_number("person", "HJ1")


def test_an_account_is_shut_opened_unlocked_and_given_a_new_password(admin, home):
    number = find_user(home.registry, "teacher").id
    assert "已停用" in press_user(admin, number, "disable")
    assert not fits(home, "teacher", PASSWORD)
    assert "已重新启用" in press_user(admin, number, "enable")
    for _ in range(5):
        sign_in(home.registry, "teacher", "wrong", "b", failures=5, minutes=15, now=START)
    assert locked_minutes(home.registry, "teacher", now=START) > 0
    assert "锁定，还有 15 分" in admin.open("/users")
    assert "已解锁" in press_user(admin, number, "unlock")
    password = password_in(press_user(admin, number, "password"))
    assert fits(home, "teacher", password)
    assert not fits(home, "teacher", PASSWORD)
    done = [a for a in actions(home) if a.startswith("user.")]
    assert done == ["user.password", "user.unlock", "user.enable", "user.disable"]


def test_nobody_shuts_the_door_on_himself(admin, home):
    assert "不能停用自己的账号" in press_user(admin, ME, "disable")
    assert find_user(home.registry, "admin").active
    password_in(press_user(admin, ME, "password"))
    assert "用户与权限" in admin.open("/users")  # one's own session goes on


# --- audit -----------------------------------------------------------------------------------------------------


def test_the_audit_is_newest_first_filtered_and_its_own_reading_is_in_it(admin, home):
    save(admin, "li", "admin")
    page = admin.open("/audit")
    numbers = [int(n) for n in re.findall(r'"key": "(\d+)"', page)]
    assert numbers == sorted(numbers, reverse=True)
    assert "增加账号" in page
    assert '"action": "查看"' in page
    only = admin.open("/audit", "?action=user.add")
    assert re.findall(r'"action": "([^"]+)", "object"', only) == ["增加账号"]
    assert "没有符合的记录" in admin.open("/audit", "?actor=nobody")
    assert "没有符合的记录" in admin.open("/audit", "?before=1")


def test_a_refusal_stands_in_the_audit_with_its_reason(admin, home):
    Browser(admin.app).sit_down(home.registry, 1).open("/audit")
    page = admin.open("/audit", "?outcome=refused")
    assert "“审计”不对教师开放" in page
    key = re.findall(r'"key": "(\d+)"', page)[0]
    body = shown(ask(admin, "audit-grid", "cellClicked", {"rowId": key}, changes="drawer-content"))
    assert "“审计”不对教师开放" in body
    forged = shown(
        ask(admin, "audit-grid", "cellClicked", {"rowId": str(2**63 - 1)}, changes="drawer-content")
    )
    assert "没有第" in forged


def test_a_changed_row_breaks_the_chain_visibly(admin, home):
    admin.open("/audit")
    ask_chain = ("audit-asked", "data", 1)
    assert "审计链完好" in shown(ask(admin, *ask_chain, changes="audit-chain"))
    with home.registry.begin() as connection:
        connection.execute(update(schema.audit).where(schema.audit.c.id == 1).values(actor="nobody"))
    told = shown(ask(admin, *ask_chain, changes="audit-chain"))
    assert "审计链断了：第 1 行的内容与链不符" in told
