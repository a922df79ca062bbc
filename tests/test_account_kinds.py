"""An account may be known by any of several identifiers: the first that is filled counts, and none of them is shown in clear."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portrait.errors import MappingError
from portrait.identifier import KINDS, SENSITIVE
from portrait.identity import Unrecognised, account_id, hidden, identify, masked, normalised, veiled
from portrait.intake.door import intake
from portrait.intake.mapping import read_mapping
from portrait.intake.preview import preview
from portrait.intake.replay import mend
from portrait.site import Site
from portrait.store.schema import account, metadata, person
from tests.inbox import PEOPLE, mapping, records, waiting, write

SECRET = b"\x01" * 32
SHA1 = hashlib.sha1(b"mailto:li.na@example.com").hexdigest()
MIXED = """
  - name: statements
    file: statements*.jsonl
    target: record
    key: [$.id]
    fields:
      account:
        - {from: $.actor.mbox, kind: mail}
        - {from: $.actor.mbox_sha1sum, kind: mbox_sha1sum}
        - {from: $.actor.openid, kind: openid}
        - {from: [$.actor.account.homePage, $.actor.account.name], kind: account}
      kind: {const: quiz}
      item: {from: $.id}
      score: {from: $.score, max: 100}
"""
SHEET = """
  - name: sheet
    file: sheet*.csv
    target: record
    key: [行]
    fields:
      account:
        - {from: 手机, kind: phone}
        - {from: [姓名, 学校, 出生], kind: triple, skip_blank: true}
      kind: {const: view}
"""


def statement(number: int, **actor: object) -> str:
    return json.dumps({"id": f"s{number}", "actor": actor, "score": 80})


def accounts(site: Site) -> dict[str, str]:
    with site.registry.connect() as connection:
        return dict(row for row in connection.execute(select(account.c.kind, account.c.shown)))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("mbox_sha1sum", f" {SHA1.upper()} ", SHA1),
        ("openid", "HTTPS://Id.Example.COM", "https://id.example.com/"),
        ("openid", "https://id.example.com/Li#me", "https://id.example.com/Li"),
        ("account", "HTTP://Lms.example.com| 41A ", "http://lms.example.com/|41A"),
        ("triple", "王 芳|第一　中学|1980年5月6日", "王芳|第一中学|1980-05-06"),
        ("triple", "王芳|第一中学|1980.5", "王芳|第一中学|1980-05"),
        ("triple", "王芳|第一中学|19800506", "王芳|第一中学|1980-05-06"),
        ("triple", "王芳|第一中学", "王芳|第一中学|"),
    ],
)
def test_the_identifiers_of_platforms_and_sheets_have_one_spelling(
    kind: str, text: str, expected: str
) -> None:
    assert normalised(kind, text) == expected


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("mbox_sha1sum", "abc", "40 位"),
        ("openid", "li", "网址"),
        ("account", "https://a.example|", "平台网址"),
        ("account", "41A", "平台网址"),
        ("triple", "王芳", "姓名"),
        ("triple", "王芳|一中|1980-13", "出生日期"),
        ("triple", "王芳|一中|1980|x", "姓名"),
    ],
)
def test_a_text_of_the_wrong_shape_is_no_identifier_of_a_platform(kind: str, text: str, says: str) -> None:
    with pytest.raises(Unrecognised, match=says):
        normalised(kind, text)


def test_every_kind_fits_the_registry_and_the_sensitive_ones_give_nothing_away() -> None:
    assert max(map(len, KINDS)) <= metadata.tables["account"].c.kind.type.length
    born = identify("a", "triple", "王芳|第一中学|1980-05-06", SECRET)
    assert born.shown == "王芳 · 第一中学 · 1980"
    assert identify("a", "mbox_sha1sum", SHA1, SECRET).shown == f"***{SHA1[-4:]}"
    assert {masked(kind, "1980-05-06") for kind in SENSITIVE} == {"***", "***5-06"}
    assert masked("triple", "1980-05-06") == "***"


def test_the_first_identifier_that_a_row_gives_is_the_accounts(sqlite_site: Site, tmp_path: Path) -> None:
    home = {"homePage": "https://lms.example.com", "name": "41A"}
    write(
        tmp_path / "in",
        "statements.jsonl",
        statement(1, mbox="mailto:Li.Na@example.com", mbox_sha1sum=SHA1),
        statement(2, mbox_sha1sum=SHA1),
        statement(3, openid="https://id.example.com/li"),
        statement(4, account=home),
        statement(5, name="nobody"),
        statement(6, mbox="mailto:secret.person"),
    )
    (taken,) = intake(sqlite_site, tmp_path / "in", mapping(tmp_path, MIXED), by="t")
    assert (taken.rows_stored, taken.rows_quarantined) == (4, 2)
    assert dict(taken.codes) == {"missing": 1, "bad_mail": 1}
    assert accounts(sqlite_site) == {
        "mail": "l***@example.com",
        "mbox_sha1sum": f"***{SHA1[-4:]}",
        "openid": "https://id.example.com/li",
        "account": "https://lms.example.com/|41A",
    }
    with sqlite_site.registry.connect() as connection:
        known = set(connection.execute(select(account.c.id)).scalars())
    assert {row["account"] for row in records(sqlite_site)} == known
    told = " ".join(f"{row.reason} {row.raw}" for row in waiting(sqlite_site))
    assert "secret.person" not in told
    assert "$.actor.mbox" in told


def test_a_sheet_without_numbers_names_people_by_name_school_and_birth(
    sqlite_site: Site, tmp_path: Path
) -> None:
    lines = [
        "行,手机,姓名,学校,出生",
        "1,,王芳,第一中学,1980-07-09",
        "2,13900001234,王芳,第一中学,",
        "3,,王芳,第一中学,",
    ]
    path = write(tmp_path / "in", "sheet.csv", *lines, "4,,王芳,第一中学,1980-13-06")
    source = mapping(tmp_path, SHEET)
    (seen,) = preview(sqlite_site, path, source)
    (taken,) = intake(sqlite_site, path, source, by="t")
    assert (taken.rows_stored, taken.rows_quarantined) == (3, 1)
    (bad,) = waiting(sqlite_site)
    for told in (str(seen), bad.reason, str(bad.raw)):
        assert "13900001234" not in told
        assert "07-09" not in told
        assert "13-06" not in told
    assert bad.raw["姓名"] == "王芳", "who it is may be read, to mend the row"
    assert mend(sqlite_site, bad.id, {"出生": "1980-12-06"}, by="t").stored == 1
    assert len({row["account"] for row in records(sqlite_site)}) == 4


@pytest.mark.parametrize(
    ("account_field", "says"),
    [
        ("[{from: a, kind: mail}, {from: b}]", "要么都写 kind"),
        ("{first: [{from: a, kind: mail}], default: x}", "要么都写 kind"),
        ("[{from: a, kind: passport}]", "account 要写 kind"),
        ("[{from: a, map: {x: y}, kind: mail}]", "只能用"),
        ("[]", "不能为空"),
        ("{from: [a, b], kind: native}", "要写 join"),
    ],
)
def test_alternatives_that_cannot_be_told_apart_are_refused(
    tmp_path: Path, account_field: str, says: str
) -> None:
    text = f"  - name: x\n    file: x.csv\n    target: record\n    fields: {{account: {account_field}, kind: {{const: view}}}}\n"
    with pytest.raises(MappingError, match=says):
        read_mapping(Path(mapping(tmp_path, text)))


IDNO, OLD, CELL = "11010519491231002X", "110105491231002", "13900001234"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((kind, text) for kind in ("native", "staff") for text in (IDNO, IDNO.lower(), OLD, f" {IDNO} ")),
        ("native", "１１０１０５１９４９１２３１００２X"),
        ("account", f"https://lms.example.com|{IDNO}"),
        ("account", f"https://lms.example.com|{OLD}"),
        ("openid", f"https://id.example.com/u/{IDNO}/"),
        ("openid", f"https://id.example.com/?who={OLD}"),
    ],
)
def test_an_identity_number_is_one_whatever_login_it_was_taken_for(kind: str, text: str) -> None:
    assert identify("a", kind, text, SECRET) == identify("b", "idno", IDNO, SECRET)


@pytest.mark.parametrize("kind", ["native", "staff"])
@pytest.mark.parametrize("text", [CELL, f"+86{CELL}", "139 0000 1234", "+86 139-0000-1234"])
def test_a_mobile_number_as_a_login_is_a_mobile_number(kind: str, text: str) -> None:
    assert identify("a", kind, text, SECRET) == identify("b", "phone", CELL, SECRET)


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        (
            "native",
            "110105194912310021",
            "***0021",
        ),  # a slip in the check digit: no identity number, and hidden all the same
        ("native", "110105491331002", "110105491331002"),  # no month 13
        ("native", "990105491231002", "990105491231002"),  # no such province
        ("native", "300268", "300268"),
        ("native", "li.na", "li.na"),
        ("staff", "HJ41010200001", "HJ41010200001"),
        ("native", "li.na@example.com", "l***@example.com"),
        ("native", f"hn-{IDNO}", "hn-***002X"),
        ("account", f"https://lms.example.com/{CELL}|li", "https://lms.example.com/***1234|li"),
        ("openid", f"https://id.example.com/{IDNO}/profile", "https://id.example.com/***002X/profile"),
    ],
)
def test_a_login_is_kept_as_it_is_but_for_the_numbers_of_people_in_it(
    kind: str, text: str, shown: str
) -> None:
    found = identify("a", kind, text, SECRET)
    assert (found.kind, found.shown, found.veiled) == (kind, shown, shown != text)
    assert identify("a", kind, text, b"\x02" * 32).digest == found.digest or found.veiled
    if found.veiled:
        with pytest.raises(Unrecognised, match="密钥"):
            account_id("a", kind, text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"登录名{OLD}，", "登录名***1002，"),
        ("流水号990105491231002", "流水号990105491231002"),
        ("电话+86 139-0000-1234转2", "电话***1234转2"),
        ("8613900001234", "***1234"),
    ],
)
def test_old_identity_numbers_and_spelled_out_phones_are_hidden_in_any_text(text: str, shown: str) -> None:
    assert hidden(text) == shown


def test_logins_that_are_numbers_find_their_teachers_and_stand_nowhere_in_clear(
    sqlite_site: Site, tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path / "r",
        "people.csv",
        "编号,姓名,身份证号,手机,邮箱",
        f"T1,王芳,{IDNO},,",
        f"T2,李娜,,{CELL},",
        f"{OLD[:-1]}3,赵敏,,,",
    )
    intake(sqlite_site, tmp_path / "r", mapping(tmp_path, PEOPLE, name="r"), by="t")
    events = """
  - name: log
    file: log*.csv
    target: record
    key: [行]
    fields:
      account: {from: 登录名, kind: KIND}
      kind: {const: view}
"""
    for kind in ("native", "staff"):
        write(
            tmp_path / kind,
            "log.csv",
            "行,登录名",
            f"1,{OLD}",
            f"2,+86{CELL}",
            "3,zhang.san",
            f"4,{OLD[:-1]}3",
        )
        intake(
            sqlite_site, tmp_path / kind, mapping(tmp_path, events.replace("KIND", kind), name=kind), by="t"
        )
    with sqlite_site.registry.connect() as connection:
        found = connection.execute(
            select(account.c.source, account.c.kind, account.c.shown, person.c.name)
            .outerjoin(person, person.c.id == account.c.person_id)
            .order_by(account.c.source, account.c.shown)
        ).all()
    plain = ["zhang.san", "ZHANG.SAN"]
    assert [tuple(row) for row in found] == [
        row
        for source, name in zip(("native", "staff"), plain, strict=True)
        for row in sorted(
            [
                (source, "idno", "***002X", "王芳"),
                (source, "phone", "***1234", "李娜"),
                (source, "idno", f"***{normalised('idno', OLD[:-1] + '3')[-4:]}", "赵敏"),
                (source, source, name, None),
            ],
            key=lambda row: row[2],
        )
    ]
    at = ("--home", sqlite_site.settings.home)
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", str(sqlite_site.registry.url))
    listed = command("identity", "list", "--unknown", *at).out
    assert plain[0] in listed, "a plain user name is what one decides by"
    assert plain[1] in listed, "and so is a staff number"
    for words in (
        ("list",),
        ("list", "--unknown"),
        ("history", "--about", "T1"),
        ("history", "--about", "赵敏"),
    ):
        said = command("identity", *words, "--json", *at).out
        assert not any(number in said for number in (IDNO, OLD, OLD[:-1], CELL)), words
    assert '"T1"' in command("identity", "history", "--about", "T1", "--json", *at).out


@pytest.mark.parametrize("staff", ["teaching: {const: false}", "staff: {from: 编号}"])
def test_a_roster_that_numbers_people_by_their_identity_numbers_keeps_none_of_them(
    sqlite_site: Site, tmp_path: Path, staff: str
) -> None:
    streams = """
  - name: people
    file: people*.csv
    target: person
    fields: {key: {from: 号码}, name: {from: 姓名}, STAFF}
  - name: log
    file: log*.csv
    target: record
    key: [登录名]
    fields: {account: {from: 登录名, kind: idno}, kind: {const: view}}
"""
    write(tmp_path / "in", "people.csv", "号码,姓名,编号", f"{IDNO},王芳,T1", f"{CELL},李娜,T2", "T3,赵敏,T3")
    write(tmp_path / "in", "log.csv", "登录名", OLD)
    path = mapping(tmp_path, streams.replace("STAFF", staff), name="r")

    def keys() -> dict[str, str]:
        with sqlite_site.registry.connect() as connection:
            return {row.name: row.key for row in connection.execute(select(person.c.name, person.c.key))}

    intake(sqlite_site, tmp_path / "in", path, by="t")
    found = keys()
    assert found["赵敏"] == "T3"
    assert all(found[name].startswith("r:") and len(found[name]) == 18 for name in ("王芳", "李娜"))
    write(
        tmp_path / "in", "people.csv", "号码,姓名,编号", f"{OLD},王芳,T1", f"+86{CELL},李娜,T2", "T4,钱进,T4"
    )
    intake(sqlite_site, tmp_path / "in", path, by="t")
    assert keys() == found | {"钱进": "T4"}, "however the number is written, the person is the same"
    with sqlite_site.registry.connect() as connection:
        owner = connection.scalar(select(person.c.name).join(account, account.c.person_id == person.c.id))
    assert owner == (None if "staff" in staff else "王芳"), (
        "the key is the person's own number unless another is named"
    )


def test_the_one_rule_for_what_is_shown_of_an_identifier() -> None:
    assert veiled("native", "zhang.san") == "zhang.san"
    assert veiled("staff", "HJ41010200001") == "HJ41010200001"
    assert veiled("native", IDNO) == "***002X", "as older versions kept it"
    assert veiled("phone", "***1234") == "***1234"
