"""Numbers of people are found in any width and beside any letters, and come out on no surface; ids of machines stay as they are."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import sqlite3
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portrait.cli.journal import Veiled
from portrait.clock import now
from portrait.hashing import key_number
from portrait.identifier import KINDS
from portrait.identity import Unrecognised, account_number, hidden, identify, masked
from portrait.intake.door import intake
from portrait.intake.judge import scrubbed
from portrait.intake.preview import preview
from portrait.lake.engine import bind
from portrait.rebuild import rebuild
from portrait.refresh import refresh
from portrait.site import Site
from portrait.store.audit import add_audit
from portrait.store.schema import account
from portrait.veil import check_digit, plain, traces
from tests.inbox import mapping, write
from tests.readers import browser, enlist, settle

SECRET = b"\x01" * 32
PHONE, IDNO, OLD = "13912345678", "410102199001011234", "410102900101123"
WIDE = str.maketrans("0123456789Xx", "０１２３４５６７８９Ｘｘ")


def spaced(text: str) -> str:
    return "\u200b".join(text)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        return draw(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
    body = draw(st.sampled_from(["410102", "110105", "820000", "650101"]))
    body += draw(st.dates(min_value=date(1930, 1, 1), max_value=date(2010, 1, 1))).strftime("%Y%m%d")
    body += f"{draw(st.integers(0, 999)):03}"
    return body + check_digit(body)


EDGE = st.text(alphabet="abxyzHN_-.王芳@+ ", max_size=6)


@settings(max_examples=200, deadline=None)
@given(
    numbers(),
    EDGE,
    EDGE,
    st.sampled_from([str, str.lower, lambda text: text.translate(WIDE), spaced]),
    st.sampled_from([kind for kind in KINDS if kind != "mbox_sha1sum"]),
)
def test_no_number_that_goes_in_by_a_login_comes_out(
    number: str, before: str, after: str, spelled: Any, kind: str
) -> None:
    text = before + spelled(number) + after
    assert number.lower() not in plain(hidden(text)).lower()
    around = {
        "openid": "https://id.example.com/u/{}",
        "account": "https://lms.example.com|{}",
        "triple": "{}|学校|",
    }
    try:
        found = identify("a", kind, around.get(kind, "{}").format(text), SECRET)
    except Unrecognised:
        return
    assert number.lower() not in plain(found.shown).lower()
    assert found.veiled
    other = (
        identify("a", found.kind, around.get(kind, "{}").format(text), b"\x02" * 32)
        if kind == found.kind
        else found
    )
    assert other is found or other.digest != found.digest, "nobody can try all numbers"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"zhang{PHONE}", "zhang***5678"),
        ("zhang１３９１２３４５６７８li", "zhang***5678li"),
        (f"u{IDNO}x", "u***1234x"),
        (f"G{IDNO}", "G***1234"),
        (f"u{OLD}", "u***1123"),
        ("41010219900101123X.li", "***123X.li"),
        (f"11010519491231002X{PHONE}", "***002X***5678"),
        ("2011010519491231002X", "20***002X"),
        ("110105 19491231 002X", "***002X"),
        ("zhang+86 139-1234-5678", "zhang***5678"),
        ("zhang139.1234.5678", "zhang***5678"),
        ("410102 1990 0101 1234", "***1234"),
        ("身份证410102_1990_01_01_1234，", "身份证***1234，"),
        ("410102-19900101-1234", "***1234"),
        ("４１０１０２ １９９０ ０１０１ １２３４", "***1234"),
        ("(139)12345678", "***5678"),
        ("电话（139） 1234-5678", "电话***5678"),
        ("+86(139)12345678", "***5678"),
        ("139_1234_5678", "***5678"),
        ("zhang_139_1234_5678_li", "zhang_***5678_li"),
        (f"zhang{PHONE}@qq.com", "z…8*@qq.com"),
        (f"li@{PHONE}.com", "l***@***5678.com"),
        ("\u202e" + spaced(PHONE), "\u202e***5678"),
        ("u٠١٣٩", "u٠١٣٩"),
        ("u١٣٩١٢٣٤٥٦٧٨", "u***5678"),
        (f"abcdefabcdefa{PHONE}", "abcdefabcdefa***5678"),  # hexadecimal, and no digest for all that
    ],
)
def test_what_stands_around_a_number_stays(text: str, shown: str) -> None:
    assert hidden(text) == shown


def test_a_mobile_number_is_the_same_login_however_it_is_cut() -> None:
    plain_one = identify("a", "native", PHONE, SECRET)
    for text in ("139_1234_5678", "(139)12345678", "（139）1234-5678", "+86 139 1234 5678"):
        assert identify("a", "native", text, SECRET) == plain_one
    assert identify("a", "native", "410102_1990_0101_1234", SECRET) == identify("a", "idno", IDNO, SECRET)


@pytest.mark.parametrize(
    "text",
    [
        "d2e13912345678b4baa0b3b104861560",  # md5, as Open edX names blocks and anonymous learners
        "block-v1:edX+DemoX+2014+type@problem+block@d2e13912345678b4baa0b3b104861560",
        "a3f13912345678c04c9e1b0d5f3c7b2a9e8d6f01",  # sha1
        "01234567-89ab-4cde-8f01-a13912345678",
        "0a13f139-1234-5678-9abc-0123456789ab",
        "5f2d8c13912345678ab43d7c",  # 24, as object ids are
        "20220510139123456780",  # a transcript of 20 digits
        "104591200805001234",  # a diploma: school, year, serial number
        "139123456780",
        "300268",
        "408396212345678901",  # a serial number of 18 digits, no day of birth in it
        "1791234567890",  # milliseconds
        "HJ41010200001",
        "ab410102-1990-0101-1234-567890abcdef",  # a UUID
        "410102-2022-0510-0001",  # region, day and serial number of a class
        "410102_20220510_0930",
        "410102-1990-0101-1234-0001",
        "2022_139_1234_5678",  # cut into more than a mobile number is
        "139_1234_5678_9",
        "139_12345_678",
        "2022-10-08 13:59:12.345678",
        "20221008 1359 1234",
        "(139)123456789",
        "f(139,12345678)",
    ],
)
def test_ids_of_machines_and_serial_numbers_stay_as_they_are(text: str) -> None:
    assert hidden(text) == text
    assert identify("a", "native", text, SECRET).shown == text


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(min_size=20, max_size=20), st.integers(1, 10**9))
def test_digests_of_anything_are_nobodys_number(data: bytes, number: int) -> None:
    for text in (
        hashlib.sha1(data).hexdigest(),
        data[:16].hex(),
        str(uuid.UUID(bytes=data[:16])),
        str(number),
    ):
        assert traces(text) == []


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.text(alphabet="ab1._+-@ 王", max_size=24))
def test_mailboxes_are_found_where_a_pattern_of_them_alone_finds_them(text: str) -> None:
    alone = r"[\w.+-]+@[\w-]+(\.[\w-]+)+"
    assert [one.plain for one in traces(text)] == [one[0] for one in re.finditer(alone, text, re.ASCII)]
    assert scrubbed(text) == re.sub(alone, lambda one: masked("mail", one[0]), text)


@pytest.mark.parametrize(
    ("part", "each"),
    [
        ("A", None),
        ("a.", None),
        ("a@", None),
        ("a@b.cn ", "a***@b.cn "),
        (f"{PHONE} ", "***5678 "),
        (f"{PHONE}x", "***5678x"),
        (f"{PHONE}a", None),  # all of them together look like a digest
        (f"01234567-89ab-4cde-8f01-a{PHONE} ", None),
    ],
)
def test_a_long_text_is_looked_through_however_many_numbers_or_runs_are_in_it(
    part: str, each: str | None
) -> None:
    # Where the way grows with the square of the length, this ends on no day on which anybody waits for it.
    many = 400_000 // len(part)
    assert hidden(part * many + " @") == (part if each is None else each) * many + " @"
    assert scrubbed(part * many).count("@") == part.count("@") * many


def test_a_rebuild_gives_the_records_of_a_login_that_was_kept_whole_to_the_account_it_is_now(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = mapping(tmp_path, EVENTS.replace("KIND", "native"), name="lms")
    write(tmp_path / "lms", "log.csv", "行,登录名,称呼,分", f"1,zhang{PHONE},张,80", "2,li,李,70")
    with monkeypatch.context() as before:
        before.setattr("portrait.identity.traces", lambda _text: [])
        intake(sqlite_site, tmp_path / "lms", source, by="t")
    rebuild(sqlite_site)
    found = sqlite_site.pool.rows("SELECT DISTINCT account FROM record")
    with sqlite_site.registry.connect() as connection:
        shown = {row.id: row.shown for row in connection.execute(select(account))}
    assert {shown[one] for (one,) in found} == {"zhang***5678", "li"}


EVENTS = """
  - name: log
    file: log*.csv
    target: record
    key: [行]
    fields:
      account: {from: 登录名, kind: KIND}
      name: {from: 称呼}
      kind: {const: quiz}
      score: {from: 分, max: 100}
"""


def test_logins_with_numbers_in_them_come_out_on_no_surface(
    sqlite_site: Site, tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    logins = [
        f"zhang{PHONE}",
        f"u{IDNO}x",
        f"li{PHONE.translate(WIDE)}",
        IDNO.translate(WIDE),
        f"G{IDNO}",
        f"m{OLD}",
    ]
    logins += [PHONE.translate(WIDE), f"{PHONE}@qq.com", f"王{spaced(PHONE)}"]
    rows = [f"{n},{login},{login},{'九' if n % 2 else 80}" for n, login in enumerate(logins)]
    said = []
    for kind in ("native", "staff"):
        source = mapping(tmp_path, EVENTS.replace("KIND", kind), name=kind)
        write(tmp_path / kind, "log.csv", "行,登录名,称呼,分", *rows)
        said.append(str(preview(sqlite_site, tmp_path / kind, source)))
        intake(sqlite_site, tmp_path / kind, source, by="t")
    refresh(sqlite_site)
    add_audit(
        sqlite_site.registry,
        now=now(),
        actor="t",
        action="look",
        object=logins[0],
        reason=f"问了 {logins[2]}",
    )

    with sqlite3.connect(str(sqlite_site.registry.url.database)) as database:
        said += list(database.iterdump())
    with sqlite_site.engine() as engine:
        bind(engine, sqlite_site.lake, "record")
        said.append(str(engine.execute("SELECT * FROM record").fetchall()))
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", str(sqlite_site.registry.url))
    at = ("--json", "--home", sqlite_site.settings.home)
    for words in (("identity", "list", "--unknown"), ("quarantine", "list"), ("quality",)):
        done = command(*words, *at)
        assert done.code == 0, done.err
        said.append(done.out)
    page = browser(sqlite_site, "admin")
    said += [str(page.open(path)) for path in ("/identity", "/quarantine", "/audit", "/intake", "/quality")]
    record = logging.LogRecord("portrait", logging.ERROR, "", 0, "could not read %s", (logins[0],), None)
    said.append(Veiled().format(record))
    whole = plain("\n".join(said))
    assert "zhang***5678" in whole
    assert not [number for number in (PHONE, IDNO, OLD, IDNO[:17]) if number in whole]


def test_a_login_of_eighteen_digits_keeps_the_number_that_its_records_have() -> None:
    text = "618234567890123456"
    kept = hmac.new(SECRET, f"native|a|{text}".encode(), hashlib.sha256).hexdigest()
    assert account_number("a", identify("a", "native", text, SECRET)) == key_number(
        "account", "a", "native", kept
    )
