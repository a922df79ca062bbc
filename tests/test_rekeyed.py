"""Persons whom rosters of before listed under somebody's number: they get a key that shows none and stay who they are."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import String, insert, select

from portrait.cli.check import examine
from portrait.errors import LakeOutdated
from portrait.hashing import key_number
from portrait.identity import identify, load_secret
from portrait.intake.door import intake
from portrait.login import linked_id
from portrait.rebuild import rebuild
from portrait.scope import Role
from portrait.site import Site
from portrait.store.alias import unify
from portrait.store.rekeyed import kept
from portrait.store.schema import account, alias, audit, identifier, metadata, person
from tests.inbox import mapping, write
from tests.test_number import PHONE, WHO, killed, of_before

ROSTER = """
  - name: people
    file: people*.csv
    target: person
    fields: {key: {from: 登录名}, name: {from: 姓名}}
  - name: log
    file: log*.csv
    target: record
    key: [单号]
    fields: {account: {from: 登录名, kind: staff}, kind: {const: view}}
"""
NEW, OLD = "11010519491231002X", "110105491231002"  # one number in its two forms
NOW = datetime(2022, 11, 15, tzinfo=UTC)
MAIL = "zhangsan@example.cn"


def people(site: Site) -> dict[int, tuple[str, str]]:
    with site.registry.connect() as connection:
        return {
            row.id: (row.key, row.name)
            for row in connection.execute(select(person.c.id, person.c.key, person.c.name))
        }


def listed(site: Site, folder: Path, name: str, *rows: str, source: str = "m") -> None:
    path = mapping(folder / source, ROSTER, name=source)
    intake(site, write(folder / name, "people.csv", "登录名,姓名", *rows), path, by="t")


def shown(site: Site, text: str) -> list[str]:
    """The columns of the registry in which a text stands."""
    found = []
    with site.registry.connect() as connection:
        for table in metadata.sorted_tables:
            for column in table.c:
                if isinstance(column.type, String):
                    here = select(column).where(column.like(f"%{text}%")).limit(1)
                    found += [str(column)] if connection.execute(here).first() else []
    return found


def test_a_person_of_before_gets_a_key_without_a_number_and_stays_the_same(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = sqlite_site
    with monkeypatch.context() as patched:
        of_before(patched)
        listed(site, tmp_path, "before", f"{WHO},张", "T3,赵敏")
        path = str(tmp_path / "m" / "m.yaml")
        intake(site, write(tmp_path / "log", "log.csv", "登录名,单号", f"{WHO},1"), path, by="t")
    first, other = (key_number("person", key) for key in (WHO, "T3"))
    assert people(site) == {first: (WHO, "张"), other: ("T3", "赵敏")}
    assert {"person.key", "identifier.hint", "account.shown"} <= set(shown(site, PHONE))
    told = {one.name: one.message for one in examine(site.settings) if one.state == "wrong"}
    assert "1 位教师的编号带着手机号" in told["person"]
    with monkeypatch.context() as patched:
        patched.setattr("portrait.renumber.rekey", killed)
        with pytest.raises(KeyboardInterrupt):
            rebuild(site)
    with pytest.raises(LakeOutdated, match="portrait rebuild"):
        listed(site, tmp_path, "shut", "T4,钱进")
    done = rebuild(site)
    secret = load_secret(site.settings.home)
    key = f"m:{identify('m', 'staff', WHO, secret).digest[:16]}"
    assert people(site) == {first: (key, "张"), other: ("T3", "赵敏")}
    assert (shown(site, PHONE), done.rekeyed) == ([], (first,)), "what the killed one had left to do"
    with site.registry.connect() as connection:
        assert connection.scalars(select(audit.c.object).where(audit.c.action == "person.rekey")).all() == [
            key
        ]
        assert connection.scalar(select(account.c.person_id)) == first, "the link stands"
    # However it is written and whoever lists it, it is the same person; another number is another one.
    listed(site, tmp_path, "again", f"ZHANG{PHONE},张三", "zhang13912345679,李四")
    listed(site, tmp_path, "others", f"{WHO},张三", source="r")
    found = people(site)
    assert found.pop(first) == (key, "张三")
    assert sorted(name for _, name in found.values()) == ["李四", "赵敏"]


def held(site: Site, *keys: str) -> None:
    with site.registry.begin() as connection:
        for key in keys:
            number = key_number("person", key)
            connection.execute(insert(person).values(id=number, key=key, name=key[:3]))
            digest = hashlib.sha256(f"staff|{key.upper()}".encode()).hexdigest()
            hint = key.upper()[:20]
            connection.execute(
                insert(identifier).values(kind="staff", digest=digest, hint=hint, person_id=number)
            )


def test_several_of_before_who_are_one_by_their_numbers_have_a_key_each(site: Site, tmp_path: Path) -> None:
    secret = load_secret(site.settings.home)
    long = f"zhang-{PHONE}-of-the-first-school"
    today = f"roster:{identify('', 'idno', NEW, secret).digest[:16]}"
    held(site, NEW, OLD, MAIL, long, "HJ41010200001", today.replace("roster", "city"))
    assert len(rebuild(site).rekeyed) == 4
    found = {number: key for number, (key, _) in people(site).items()}
    by_number = sorted(found[key_number("person", key)] for key in (NEW, OLD))
    assert by_number == [today, f"{today}-2"]
    assert found[key_number("person", "HJ41010200001")] == "HJ41010200001"
    assert found[key_number("person", today.replace("roster", "city"))] == today.replace("roster", "city")
    for text in (NEW, OLD, MAIL, MAIL.upper(), PHONE):
        assert shown(site, text) == []
    with site.registry.connect() as connection:
        owners = connection.execute(select(identifier.c.person_id).where(identifier.c.kind == "idno"))
        assert set(owners.scalars()) == {key_number("person", key) for key in (NEW, OLD)}
        assert len(kept(connection)) == 3
    assert [linked_id(site.registry, Role.TEACHER, key) for key in found.values()] == [*found], (
        "a login is bound by the key that is shown"
    )
    listed(site, tmp_path, "again", f"{OLD},王芳", f"{MAIL},张三")
    assert [name for _, name in people(site).values()].count("王芳") == 1
    assert len(people(site)) == len(found)


def test_who_stands_for_others_goes_on_to_stand_for_them_by_another_key(site: Site) -> None:
    load_secret(site.settings.home)
    numbers = {
        key: key_number("person", key) for key in (PHONE, "hr:00aa00aa00aa00aa", "hr:00bb00bb00bb00bb")
    }
    own = numbers.pop(PHONE)
    with site.registry.begin() as connection:
        for number, key in ((own, PHONE), *((number, key) for key, number in numbers.items())):
            connection.execute(insert(person).values(id=number, key=key, name="张三"))
            connection.execute(
                insert(identifier).values(kind="idno", digest="one", hint="x", person_id=number)
            )
        unify(connection, NOW)
        query = select(alias.c.person_id, alias.c.stands_id, alias.c.state)
        said = set(connection.execute(query).all())
    assert said == {(other, own, "active") for other in numbers.values()}
    assert rebuild(site).rekeyed == (own,)
    with site.registry.begin() as connection:
        assert unify(connection, NOW) == set(), "as the next roster asks"
        assert set(connection.execute(query).all()) == said
