"""Source platforms before the administrator: what came from them, their credentials, their repairs; and the pages of quality."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from html import unescape
from typing import Any

import pytest

from portrait.errors import InputError
from portrait.intake.door import intake
from portrait.intake.forward import add_platform
from portrait.intake.mapping import read_mapping
from portrait.scope import Actor, Role, scope
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store.audit import recent_audit
from portrait.store.credential import check_credential, list_credentials, revoke_credential
from portrait.store.received import Received, received, repaired
from portrait.store.statement import forward
from tests.inbox import MARKS, STATEMENTS, mapping, write
from tests.lrs import Lrs, serving, statement
from tests.press import ask, shown
from tests.readers import Browser, browser, enlist, settle

ADMIN = scope(Actor(1, "admin", "", Role.ADMIN))


@pytest.fixture
def mapped(site: Site) -> Site:
    """A site with a mapping for statements of the source `mooc`."""
    mapping(site.settings.home / "mapping", STATEMENTS, name="mooc")
    return site


def of(site: Site) -> list[Received]:
    with site.registry.connect() as connection:
        return received(connection, ADMIN)


@pytest.fixture
def post(mapped: Site) -> Iterator[Callable[..., Any]]:
    """Sends statements with a credential made of these words; gives the credential."""
    with serving(mapped.registry) as house:

        def send(*statements: dict[str, Any], **words: Any) -> Any:
            made, _ = add_platform(mapped, source="mooc", by="test", **words)
            with closing(Lrs(house.address, made.key, made.secret, "1.0.3")) as client:
                client.send(*statements)
            return made

        yield send


def test_what_came_is_counted_by_source_over_all_its_credentials(
    mapped: Site, post: Callable[..., Any]
) -> None:
    first = post(statement(), statement())
    post(statement())
    revoke_credential(mapped.registry, first.key, moment=mapped.now)
    (one,) = of(mapped)
    assert (one.source, one.credentials, one.statements, one.waiting) == ("mooc", 1, 3, 3)
    assert one.last is not None
    seq = round(one.last.timestamp() * 1e6)
    with mapped.registry.begin() as connection:
        forward(connection, "mooc", seq)
    assert of(mapped)[0].waiting == 0


def test_repairs_are_told_by_credential_and_fault_with_the_newest_examples(
    mapped: Site, post: Callable[..., Any]
) -> None:
    def bare(n: int) -> dict[str, Any]:
        return statement(actor={"mbox": f"t{n}@example.org"})

    made = post(*(bare(n) for n in range(5)), statement(), lenient=True)
    with mapped.registry.connect() as connection:
        (one,) = repaired(connection, ADMIN)
        assert repaired(connection, ADMIN, key="nobody") == []
        teacher = scope(Actor(2, "t", "", Role.TEACHER, person_id=1))
        assert repaired(connection, teacher) == received(connection, teacher) == []
    assert (one.key, one.source, one.code, one.n) == (made.key, "mooc", "mailto", 5)
    assert [(example.path, example.was, example.became) for example in one.examples] == [
        ("actor.mbox", "t***@example.org", "mailto:t***@example.org") for _ in range(3)
    ]


@pytest.mark.parametrize("source", ["", "../x", "a/b", "x" * 41, "名"])
def test_a_source_whose_name_no_mapping_can_bear_gets_no_credential(mapped: Site, source: str) -> None:
    with pytest.raises(InputError, match="来源代码"):
        add_platform(mapped, source=source)
    assert list_credentials(mapped.registry) == []


@pytest.mark.parametrize("registry_url", ["sqlite"], indirect=True)
def test_the_command_tells_repairs(
    mapped: Site, post: Callable[..., Any], command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTRAIT_DATABASE_URL", mapped.settings.registry_url)
    made = post(statement(actor={"mbox": "t@example.org"}), lenient=True)
    home = ("--home", mapped.settings.home)
    (one,) = command("credential", "repairs", "--json", *home).json
    assert (one["key"], one["code"], one["n"]) == (made.key, "mailto", 1)
    assert "mailto:t***@example.org" in command("credential", "repairs", made.key, *home).out
    assert command("credential", "repairs", "nobody", *home).code == 4


# --- pages -----------------------------------------------------------------------------------------------------


@pytest.fixture
def admin(sqlite_site: Site) -> Browser:
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    mapping(sqlite_site.settings.home / "mapping", STATEMENTS, name="mooc")
    return browser(sqlite_site, "admin")


def save(admin: Browser, **given: Any) -> str:
    words = {"source": "mooc", "name": "", "rights": "own", "version": "1.0.3", "rate": 0, "lenient": False}
    words |= {"courses": "", "staff": False}
    state = {f"store_{name}": value for name, value in (words | given).items()}
    return unescape(shown(ask(admin, "store-save", "n_clicks", 1, changes="store-said", **state)))


def test_a_credential_is_made_on_the_page_its_secret_shown_once_and_its_end_is_in_the_audit(
    admin: Browser, sqlite_site: Site
) -> None:
    assert "先给它一个凭据" in admin.open("/store")
    said = save(admin, name="慕课", rate=50, lenient=True)
    (made,) = list_credentials(sqlite_site.registry)
    assert (made.source, made.name, made.rate, made.lenient, made.rights) == ("mooc", "慕课", 50, True, "own")
    assert made.key in said
    secrets = [text for text in json.dumps(json.loads(said)).split('"') if len(text) == 43]
    assert any(check_credential(sqlite_site.registry, made.key, text) for text in secrets)
    page = admin.open("/store")
    assert made.key in page
    assert not any(text in page for text in secrets)
    opened = shown(ask(admin, "store-grid", "cellClicked", {"rowId": made.key}, changes="drawer"))
    assert "停用这个凭据" in opened
    button = {"type": "store-do", "key": made.key}
    assert "已停用" in shown(ask(admin, button, "n_clicks", 1, changes="store-changed"))
    assert list_credentials(sqlite_site.registry)[0].revoked is not None
    assert "已经停用" in shown(ask(admin, button, "n_clicks", 1, changes="store-changed"))
    audit = [row for row in recent_audit(sqlite_site.registry, actor="admin") if "credential" in row.action]
    assert [(row.action, row.object) for row in audit] == [
        ("credential.revoke", f"credential:{made.key}"),
        ("credential.add", f"credential:{made.key}"),
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"source": ""}, "请填来源代码"),
        ({"source": "../x"}, "来源代码"),
        ({"rights": "everything"}, "没有权限"),
        ({"version": "9"}, "没有 xAPI 版本"),
        ({"rate": "many"}, "每秒请求数"),
        ({"source": "city", "courses": "河南"}, "来源代码“河南”"),
        ({"courses": "henan"}, "已经有映射"),
        ({"staff": True}, "已经有映射"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(
    admin: Browser, sqlite_site: Site, given: dict[str, Any], why: str
) -> None:
    assert why in save(admin, **given)
    assert list_credentials(sqlite_site.registry) == []


def test_the_page_too_says_whose_courses_and_accounts_a_new_platform_has(
    admin: Browser, sqlite_site: Site
) -> None:
    form = shown(ask(admin, "store-add", "n_clicks", 1, changes="drawer"))
    assert "课程是谁的目录里的" in form
    assert "继教编号" in form
    assert "每秒请求数" in save(admin, source="city", courses="henan", staff=True, rate="many")
    said = save(admin, source="city", courses="henan", staff=True)
    assert "来源 henan 还没有课程目录" in said
    (stream,) = read_mapping(sqlite_site.settings.home / "mapping" / "city.yaml").streams
    account = stream.field("account")
    assert account is not None
    assert (stream.course_source, account.kinds[-1]) == ("henan", "staff")


def test_the_page_of_quality_leads_from_a_figure_to_its_batches_and_names_the_months_without_a_record(
    admin: Browser, sqlite_site: Site, tmp_path: Any
) -> None:
    assert "还没有接入过数据" in admin.open("/quality")
    path = mapping(tmp_path, MARKS)
    head = "编号,课程,时间,得分"
    for n, (day, rows) in enumerate(
        [
            (date(2022, 1, 9), ["T1,a,2022-01-08,80"]),
            (date(2022, 4, 9), ["T1,b,2022-04-08,80", "T1,c,2022-04-08,130"]),
        ]
    ):
        settings = sqlite_site.settings.model_dump(exclude={"home", "today"})
        other = open_site(load_settings(sqlite_site.settings.home, **settings, today=day))
        intake(other, write(tmp_path, f"marks{n}.csv", head, *rows), path, by="test")
        other.registry.dispose()
    page = admin.open("/quality")
    assert "1 个来源，没有看出反常的地方" in page
    assert "/quarantine?source=m&state=all" in unescape(page).replace("\\u0026", "&")
    page = admin.open("/quality", "?source=m")
    assert page.count('"nothing"') == 2  # February and March
    assert "marks0.csv" in page
    page = admin.open("/quality", "?source=m&view=quarantined&month=2022-04")
    assert "marks1.csv" in page
    assert "marks0.csv" not in page
    assert "没有这样的批次" in admin.open("/quality", "?source=m&view=failed")
    assert "没有这个来源的批次" in admin.open("/quality", "?source=nobody")
    opened = ask(admin, "quality-batches", "cellClicked", {"rowId": "2"}, changes="url")
    assert "/intake?batch=2" in shown(opened)
