"""Identifiers: one spelling, a keyed digest, a hint that gives nothing away."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from portrait.clock import now
from portrait.errors import LakeBusy
from portrait.identity import (
    Unrecognised,
    account_id,
    identify,
    load_secret,
    masked,
    normalised,
)
from portrait.site import Site
from portrait.store.lease import _holder, writing
from portrait.store.schema import lease

SECRET = b"\x01" * 32


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("staff", " 41 00a12 ", "4100A12"),
        ("staff", "４１００Ａ１", "4100A1"),
        ("mail", " Li.Na@Example.COM ", "li.na@example.com"),
        ("phone", "+86 139-0000-1234", "13900001234"),
        ("phone", "008613900001234", "13900001234"),
        ("phone", "86 139.0000.1234", "13900001234"),
        ("phone", "（+86）13900001234", "13900001234"),
        ("idno", "11010519491231002x", "11010519491231002X"),
        ("idno", "110105491231002", "11010519491231002X"),
        ("native", " u-01 ", "u-01"),
    ],
)
def test_an_identifier_has_one_spelling(kind: str, text: str, expected: str) -> None:
    assert normalised(kind, text) == expected


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("idno", "110105194912310021", "校验位"),
        ("idno", "1101051949", "10 位"),
        ("idno", "11010519491331002X", "校验位|出生日期"),
        ("phone", "037165900000", "11 位手机号"),
        ("mail", "not a mail", "邮箱"),
        ("passport", "E1", "可选"),
    ],
)
def test_a_text_that_cannot_be_an_identifier_is_refused_with_what_was_expected(
    kind: str, text: str, says: str
) -> None:
    with pytest.raises(Unrecognised, match=says):
        normalised(kind, text)


def test_sensitive_identifiers_leave_only_a_keyed_digest_and_a_hint() -> None:
    one = identify("a", "idno", "110105491231002", SECRET)
    other = identify("b", "idno", "11010519491231002x", SECRET)
    assert one.digest == other.digest, "the same person at two sources"
    assert one.shown == "***002X"
    assert identify("a", "idno", "110105491231002", b"\x02" * 32).digest != one.digest
    assert account_id("a", "idno", "110105491231002", SECRET) != account_id(
        "b", "idno", "110105491231002", SECRET
    )
    with pytest.raises(Unrecognised, match="密钥"):
        account_id("a", "phone", "13900001234")
    assert masked("phone", "13900001234") == "***1234"
    assert masked("idno", "1234") == "***"


def test_a_native_name_means_something_only_at_its_own_source() -> None:
    assert identify("a", "native", "7", SECRET).digest != identify("b", "native", "7", SECRET).digest
    assert identify("a", "staff", "7", SECRET).digest == identify("b", "staff", "7", SECRET).digest


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = load_secret(tmp_path)
    assert load_secret(tmp_path) == first
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def _occupy(registry: Engine, holder: str, minutes: int) -> None:
    with registry.begin() as connection:
        connection.execute(
            insert(lease).values(name="lake", holder=holder, until=now() + timedelta(minutes=minutes))
        )


def test_the_lake_has_one_writer_at_a_time(site: Site) -> None:
    with (
        writing(site.registry) as held,
        pytest.raises(LakeBusy, match="正在写记录湖"),
        writing(site.registry),
    ):
        raise AssertionError("two writers")
    with writing(site.registry) as again:
        again.check()
    with pytest.raises(LakeBusy, match="接管"):
        held.check()


def test_the_lease_of_a_dead_process_is_taken_over_at_once_and_of_another_host_only_when_it_ends(
    site: Site,
) -> None:
    host, pid, born, token = _holder().rsplit(":", 3)
    _occupy(site.registry, f"{host}:{pid}:1{born}:{token}", 10)  # the number lives on in another process
    with writing(site.registry):
        pass
    _occupy(site.registry, f"elsewhere:{pid}:{born}:{token}", 10)
    with pytest.raises(LakeBusy, match="elsewhere"), writing(site.registry):
        pass
    with site.registry.begin() as connection:
        connection.execute(lease.update().values(until=now() - timedelta(seconds=1)))
    with writing(site.registry):
        pass
