"""Role × callback × foreign object: a forged press is answered as for a thing that does not exist, and changes nothing."""

import base64
import io
import json
import re
from datetime import date

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from dashboards.app import create_app
from portrait.record import Kind
from portrait.scope import scope
from portrait.store import schema
from portrait.store.answer import open_contest
from portrait.store.audit import recent_audit
from tests.foreign import REFUSED_ROW, foreign_names, refuse_a_row
from tests.hand import Hand, record
from tests.press import ask, shown
from tests.readers import CLASSES, READERS, START, Browser, Clock, account_of, enlist, settle

OWN, THEIRS, NOWHERE = (n.to_bytes(16, "big").hex() for n in (1, 50, 99))
OWN_ROW = account_of(1)

# Keys for a drawer: ids, codes and addresses of things that are somebody's, whoever asks.
KEYS = [
    *("1", "2", "3", "²", "9" * 5000, "12", "101", "102", "admin", "410200", "P3.1", "P3.1:" + THEIRS, THEIRS, "theme", ""),
    *(f"{name}?{search}" for name in ("sent", "arrived", "covered", "quota", "late") for search in (
        "unit=410200", "unit=410181", "unit=410200&county=410202", "unit=410100&county=410102",
        "provider=1", "provider=2", "class=101", "class=102", "year=2022&provider=2",
    )),
]  # fmt: skip
SEARCHES = [
    *("", "?unit=410100", "?unit=410200", "?unit=410181", "?county=410102", "?county=410202"),
    *("?provider=1", "?provider=2", "?class=101", "?class=102", "?unit=410200&provider=2&class=102"),
]


@pytest.fixture
def home(sqlite_site):
    """The little province; persons 1 and 2 have one record and one objection each, and a row waits in quarantine."""
    registry = sqlite_site.registry
    settle(registry)
    hand = Hand(sqlite_site)
    hand.course(7, "课堂诊断", P3_1=100)
    hand.batch(
        [
            record(1, account_of(1), Kind.EXAM, 0.8),
            record(50, account_of(2), Kind.EXAM, 0.6),
        ]
    )
    actors = enlist(registry)
    refuse_a_row(registry)
    with registry.begin() as connection:
        connection.execute(update(schema.course).values(shelf=True))
        connection.execute(
            update(schema.training_class).values(starts=date(2022, 8, 1), ends=date(2022, 12, 1))
        )
    for login in ("colleague", "teacher"):
        open_contest(registry, scope(actors[login]), "成绩不对", START, node="P3.1")
    return sqlite_site


@pytest.fixture
def readers(home):
    app = create_app(home, clock=Clock())
    return {
        login: Browser(app).sit_down(home.registry, number) for number, login in enumerate(READERS, start=1)
    }


def held(home):
    """All that the registry holds, but for who looked when."""
    with home.registry.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in schema.metadata.sorted_tables
            if table.name not in ("audit", "audit_head", "session")
        }


def refused(answer):
    """The words of a refusal that changed nothing on the page, without the numbers it was asked about."""
    told = shown(answer)
    assert answer.status_code == 200, told
    assert not answer.get_json().get("response"), told
    assert "没有做成" in told, told
    return re.sub(r"\d+", "", told)


def drawers_of(app):
    """The kinds of button that open the drawer."""
    heard = [one["id"] for listed in app._callback_list for one in listed["inputs"]]
    return sorted(
        {t for t in (json.loads(id)["type"] for id in heard if id[0] == "{") if t.startswith("open-")}
    )


CLOSED = re.compile(r"“[^”]+”不对")


def test_a_forged_key_opens_a_drawer_on_nothing_foreign(readers, home):
    before = held(home)
    kinds = drawers_of(readers["teacher"].app)
    assert {"open-behind", "open-requirement", "open-course", "open-office-rate", "open-bureau-due"} <= set(
        kinds
    )
    for login, reader in readers.items():
        for kind in kinds:
            for key in KEYS:
                pressed = {"type": kind, "key": key}
                told = shown(ask(reader, pressed, "n_clicks", 1, changes="drawer-content"))
                assert "出错了" not in told, (login, pressed)
                assert foreign_names(told, login) == set(), (login, pressed)
                assert THEIRS not in told, (login, pressed)
                if CLOSED.search(told):
                    break  # the role does not open the page: what is asked for is not looked at
    assert held(home) == before


def figure(reader, kind, key):
    return ask(reader, {"type": f"open-{kind}", "key": key}, "n_clicks", 1, changes="drawer-content")


def test_a_figure_of_another_place_is_answered_as_one_of_no_place(readers):
    for login in ("bureau", "county"):
        foreign = {"bureau": "410200", "county": "410100"}[login]
        nowhere = refused(figure(readers[login], "bureau-rate", "sent?unit=999999"))
        assert refused(figure(readers[login], "bureau-rate", f"sent?unit={foreign}")) == nowhere
        assert refused(figure(readers[login], "bureau-due", f"quota?unit={foreign}")) == nowhere
    nowhere = refused(figure(readers["office-a"], "office-rate", "sent?provider=999"))
    assert refused(figure(readers["office-a"], "office-rate", "sent?provider=2")) == nowhere
    assert "drawer-content" in shown(figure(readers["office-a"], "office-rate", "sent?provider=1"))


def answered(reader, training_class, account):
    button = {
        "type": "risk-answer",
        "class": str(training_class),
        "account": str(account),
        "answer": "contacted",
    }
    return ask(reader, button, "n_clicks", 1, changes="risk-panels")


def test_a_warning_of_another_provider_is_not_answered(readers, home):
    before = held(home)
    trainer = readers["trainer"]
    nowhere = refused(answered(trainer, 999, 999))
    # Another's class with its trainee; one's own class with another's trainee; another's class with one's own.
    for training_class, person in ((102, 2), (102, 4), (101, 2), (102, 1)):
        assert refused(answered(trainer, training_class, account_of(person))) == nowhere
    for login, reader in readers.items():
        if login != "trainer":
            assert "不对" in refused(answered(reader, 101, OWN_ROW)), login
    assert held(home) == before
    answered(trainer, 101, OWN_ROW)
    assert held(home) != before


def exported(reader, kind, search):
    return ask(reader, f"{kind}-export", "n_clicks", 1, changes=f"{kind}-file", url=search)


def cells(answer, kind):
    """All that stands in the workbook of an answer."""
    sent = base64.b64decode(answer.get_json()["response"][f"{kind}-file"]["data"]["content"])
    book = CalamineWorkbook.from_filelike(io.BytesIO(sent))
    sheets = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    return "\n".join(str(cell) for sheet in sheets for row in sheet for cell in row)


def exports_noted(home, login):
    return [one for one in recent_audit(home.registry, actor=login) if one.action == "export"]


@pytest.mark.parametrize("search", SEARCHES)
def test_a_workbook_holds_nothing_foreign_whatever_the_address_asks(readers, home, search):
    for login, reader in readers.items():
        for kind, role in (("office", "office"), ("bureau", "bureau")):
            answer = exported(reader, kind, search)
            if READERS[login][0].value != role:
                assert "不对" in refused(answer), login
            elif answer.get_json().get("response"):
                assert foreign_names(cells(answer, kind), login) == set(), login
            else:
                refused(answer)
                assert exports_noted(home, login) == []


def test_a_workbook_of_another_place_or_provider_is_answered_as_one_of_none(readers, home):
    nowhere = refused(exported(readers["bureau"], "bureau", "?unit=999999"))
    assert refused(exported(readers["bureau"], "bureau", "?unit=410200")) == nowhere
    assert refused(exported(readers["county"], "bureau", "?unit=410100")) == nowhere
    assert refused(exported(readers["county"], "bureau", "?county=410102")) == nowhere
    nowhere = refused(exported(readers["office-a"], "office", "?provider=999"))
    assert refused(exported(readers["office-a"], "office", "?provider=2")) == nowhere
    assert exports_noted(home, "office-a") == []
    assert CLASSES[101][2] in cells(exported(readers["office-a"], "office", "?provider=1"), "office")
    assert len(exports_noted(home, "office-a")) == 1


def objected(reader, key):
    button = {"type": "contest-send", "key": key}
    return ask(reader, button, "n_clicks", 1, changes="contest-said", contest_text="成绩不对")


def withdrawn(reader, number):
    button = {"type": "contest-withdraw", "key": str(number)}
    return ask(reader, button, "n_clicks", 1, changes="evidence-contests")


def rated(reader, node):
    return ask(reader, {"type": "self-rate", "node": node}, "value", "3", changes="self-said")


def opened(reader, row):
    return ask(reader, "evidence-grid", "cellClicked", {"rowId": row}, changes="drawer-content")


def test_another_teachers_record_and_objection_are_as_if_they_did_not_exist(readers, home):
    before = held(home)
    me = readers["teacher"]
    assert refused(objected(me, f"P3.1:{THEIRS}")) == refused(objected(me, f"P3.1:{NOWHERE}"))
    assert refused(opened(me, THEIRS)) == refused(opened(me, NOWHERE))
    assert refused(withdrawn(me, "²"))
    assert refused(withdrawn(me, 1)) == refused(withdrawn(me, 999))  # the first is the colleague's
    refused(rated(me, THEIRS))
    assert "出错了" not in shown(
        ask(me, {"type": "self-rate", "node": "P3"}, "value", "²", changes="self-said")
    )
    for login, reader in readers.items():
        if READERS[login][0].value != "teacher":
            forged = (
                objected(reader, f"P3.1:{OWN}"),
                opened(reader, OWN),
                withdrawn(reader, 2),
                rated(reader, "P3"),
            )
            for answer in forged:
                assert "不对" in refused(answer), login
    assert held(home) == before


def test_what_a_teacher_says_of_himself_touches_nobody_elses(readers, home):
    rated(readers["colleague"], "P3")
    before = held(home)["self_rating"]
    rated(readers["teacher"], "P3")
    after = held(home)["self_rating"]
    assert len(before) == 1
    assert len(after) == 2
    assert set(before) < set(after)
    withdrawn(readers["teacher"], 2)
    with home.registry.connect() as connection:
        states = connection.execute(select(schema.contest.c.id, schema.contest.c.state)).all()
    assert sorted(map(tuple, states)) == [(1, "open"), (2, "withdrawn")]


# What an administrator presses: the component, its property and value, what it changes.
ADMIN = [
    ("quarantine-rows", "cellClicked", {"rowId": "1"}, "drawer-content"),
    ("batch-rows", "cellClicked", {"rowId": "1"}, "drawer-content"),
    *(({"type": f"{place}-do", "row": "1", "do": do}, "n_clicks", 1, "drawer-content")
      for place in ("quarantine", "batch") for do in ("mend", "replay", "dismiss")),
    ("quarantine-replay", "n_clicks", 1, "quarantine-progress"),
    ("intake-batches", "cellClicked", {"rowId": "1"}, "url"),
    ("batch-changed", "data", 1, "batch-page"),
    ("user-grid", "cellClicked", {"rowId": "1"}, "drawer-content"),
    *(({"type": "user-do", "user": user, "do": do}, "n_clicks", 1, "drawer-content")
      for user in ("1", "9") for do in ("disable", "enable", "unlock", "password")),
    ("user-save", "n_clicks", 1, "user-said"),
    ({"type": "user-code", "role": "teacher"}, "value", "k2", "user-bound"),
    ("audit-grid", "cellClicked", {"rowId": "1"}, "drawer-content"),
    *(({"type": "identity-do", "key": key, "do": do}, "n_clicks", 1, "identity-list")
      for key in ("link:1", "alias:1", "link:x", "user:1") for do in ("same", "different", "later", "x")),
    ({"type": "identity-undo", "key": "link:1"}, "n_clicks", 1, "identity-list"),
]  # fmt: skip


def test_only_administrators_act_on_rows_accounts_and_the_audit(readers, home):
    before = held(home)
    for login, reader in readers.items():
        if login != "admin":
            for id, property, value, changes in ADMIN:
                answer = ask(reader, id, property, value, changes=changes, url="?batch=1")
                assert "不对" in refused(answer), (login, id)
    assert held(home) == before
    seen = shown(
        ask(readers["admin"], "quarantine-rows", "cellClicked", {"rowId": "1"}, changes="drawer-content")
    )
    assert REFUSED_ROW in seen
