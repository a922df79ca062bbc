"""An account may be known by any of several identifiers: the first that is filled counts, and none of them is shown in clear."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from portrait.errors import MappingError
from portrait.identifier import KINDS, SENSITIVE
from portrait.identity import Unrecognised, identify, masked, normalised
from portrait.intake.door import intake
from portrait.intake.mapping import read_mapping
from portrait.intake.preview import preview
from portrait.intake.replay import mend
from portrait.site import Site
from portrait.store.schema import account, metadata
from tests.inbox import mapping, records, waiting, write

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
