"""The page of frameworks: an administrator hands a file in, by the same checks and with the same result as the command."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboards.app import create_app
from portrait.intake.library import editions
from portrait.site import Site
from portrait.store.audit import recent_audit
from tests.press import ask, shown
from tests.readers import READERS, Browser, Clock, enlist, settle
from tests.test_framework import package, uid


@pytest.fixture
def readers(sqlite_site: Site) -> dict[str, Browser]:
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    app = create_app(sqlite_site, clock=Clock())
    return {
        login: Browser(app).sit_down(sqlite_site.registry, number)
        for number, login in enumerate(READERS, start=1)
    }


def send(reader: Browser, document: Any) -> Any:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return reader.post("/framework/upload?name=package.json", content)


def numbers(site: Site) -> list[int]:
    return [one.number for one in editions(site, uid(1))]


def test_a_package_comes_in_once_and_is_told_with_where_to_look_at_it(
    sqlite_site: Site, readers: dict[str, Browser]
) -> None:
    admin = readers["admin"]
    assert "选择框架文件" in admin.open("/framework")
    answer = send(admin, package())
    assert answer.status_code == 200, answer.text
    said = shown(ask(admin, "framework-done", "data", answer.get_json()["id"], changes="framework-said"))
    assert "框架 1" in said
    assert "第 1 版" in said
    assert f"/framework?framework={uid(1)}" in said
    again = send(admin, package()).get_json()
    assert again["id"]["new"] is False
    told = shown(ask(admin, "framework-done", "data", again["id"], changes="framework-said"))
    assert "没有新的一版" in told
    assert numbers(sqlite_site) == [1]
    assert [(row.action, row.object) for row in recent_audit(sqlite_site.registry)][:1] == [
        ("import-framework", f"framework:{uid(1)}")
    ]
    changed = package()
    changed["CFItems"][0]["fullStatement"] = "改过的条目"
    assert send(admin, changed).status_code == 200
    assert numbers(sqlite_site) == [1, 2]


@pytest.mark.parametrize(
    ("document", "told"),
    [(b"{", "不是 JSON"), (b"\xff\xfe", "不是 UTF-8"), (package() | {"Extra": []}, "$ 里有 CASE 包没有的 Extra")],
)  # fmt: skip
def test_a_file_with_a_fault_is_refused_as_a_whole_and_told_where(
    sqlite_site: Site, readers: dict[str, Browser], document: Any, told: str
) -> None:
    answer = send(readers["admin"], document)
    assert answer.status_code == 422
    message = answer.get_json()["message"]
    assert message.startswith("package.json：")
    assert told in message
    assert numbers(sqlite_site) == []
    assert list(sqlite_site.settings.home.glob("half-*")) == []


def test_nobody_but_an_administrator_hands_in_a_framework(
    sqlite_site: Site, readers: dict[str, Browser]
) -> None:
    assert {login: send(reader, package()).status_code for login, reader in readers.items()} == {
        login: 200 if login == "admin" else 403 for login in READERS
    }
    assert "选择框架文件" not in readers["office"].open("/framework")
    admin = readers["admin"]
    assert admin.post("/framework/upload?name=a.json", b"{}", origin="http://evil.example").status_code == 403
    assert Browser(admin.app).post("/framework/upload?name=a.json", b"{}").status_code == 401
    assert (
        shown(ask(admin, "framework-done", "data", {"identifier": "x"}, changes="framework-said")) is not None
    )
