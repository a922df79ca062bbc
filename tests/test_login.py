"""Signing in and out through the forms, as a browser would, on both databases."""

import pytest
from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from dashboards.app import create_app
from dashboards.signin import local_path
from portrait.errors import InputError, NotFound
from portrait.hashing import key_number
from portrait.login import linked_id
from portrait.scope import Role
from portrait.store.audit import recent_audit
from portrait.store.user import add_user, locked_minutes, set_active, set_password, unlock
from tests.readers import PAID, PASSWORD, START, Browser, Clock, browser, enlist, settle


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def door(site, clock):
    """A browser before the login form; teacher and administrator have accounts."""
    settle(site.registry)
    enlist(site.registry, "teacher", "admin")
    return browser(site, clock=clock)


@pytest.fixture
def sqlite_door(sqlite_site, clock):
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry, "teacher", "admin")
    return browser(sqlite_site, clock=clock)


def said(answer):
    found = answer.text.split('class="door-message" role="alert">')
    return found[1].split("<")[0] if len(found) > 1 else ""


def test_a_kept_password_costs_at_least_what_the_standard_recommends():
    cost, least = extract_parameters(PAID.hash("a password")), RFC_9106_LOW_MEMORY
    assert cost.type is least.type
    assert cost.time_cost >= least.time_cost
    assert cost.memory_cost >= least.memory_cost


def test_the_right_password_opens_a_session_and_leads_to_the_wanted_page(door, site):
    answer = door.log_in("teacher", next="/own?x=1")
    assert (answer.status_code, answer.location) == (302, "/own?x=1")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("portrait="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert door.get("/own").status_code == 200
    newest = recent_audit(site.registry)[0]
    assert (newest.actor, newest.action, newest.outcome) == ("teacher", "login", "ok")


def test_a_wrong_password_and_an_unknown_login_hear_the_same(door):
    wrong, unknown = door.log_in("teacher", "nonsense"), door.log_in("nobody", "nonsense")
    assert (wrong.status_code, said(wrong)) == (401, "登录名或密码不对。")
    assert (unknown.status_code, said(unknown)) == (401, said(wrong))
    assert door.get("/own").status_code == 302


@pytest.mark.parametrize("login", ["teacher", "nobody"])
def test_five_failures_lock_any_login_for_fifteen_minutes(door, clock, login):
    for _ in range(4):
        assert door.log_in(login, "nonsense").status_code == 401
    assert said(door.log_in(login, "nonsense")) == "试错次数太多，请 15 分钟后再试。"
    clock.forward(minutes=10)
    answer = door.log_in(login)
    assert (answer.status_code, said(answer)) == (429, "试错次数太多，请 5 分钟后再试。")
    clock.forward(minutes=6)
    assert door.log_in(login).status_code == (302 if login == "teacher" else 401)


def test_a_right_password_forgets_the_failures_before_it(door):
    for _ in range(2):
        for _ in range(4):
            door.log_in("teacher", "nonsense")
        assert door.log_in("teacher").status_code == 302
        door.post("/logout", {"token": "?"})
        door.client.delete_cookie("portrait")


def test_an_administrator_may_unlock_a_login(door, site):
    for _ in range(5):
        door.log_in("teacher", "nonsense")
    assert locked_minutes(site.registry, "teacher", now=START) == 15
    assert unlock(site.registry, "teacher")
    assert not unlock(site.registry, "teacher")
    assert door.log_in("teacher").status_code == 302


def test_one_address_trying_many_logins_is_slowed_down(sqlite_door):
    answers = [sqlite_door.log_in(f"guess{i}", "nonsense").status_code for i in range(21)]
    assert answers[:19] == [401] * 19
    assert answers[20] == 429


def test_ones_own_account_does_not_set_back_the_guesses_at_others(sqlite_door):
    for i in range(19):
        assert sqlite_door.log_in(f"guess{i}", "nonsense").status_code == 401
    assert sqlite_door.log_in("teacher").status_code == 302
    sqlite_door.client.delete_cookie("portrait")
    assert sqlite_door.log_in("guess19", "nonsense").status_code == 429
    assert sqlite_door.log_in("teacher").status_code == 429


def test_a_closed_account_cannot_sign_in_and_its_sessions_end(door, site):
    door.log_in("teacher")
    set_active(site.registry, "teacher", False)
    assert door.get("/own").status_code == 302
    assert said(door.log_in("teacher")) == "登录名或密码不对。"


def test_a_session_ends_when_idle_and_after_its_longest_time(sqlite_door, clock):
    sqlite_door.log_in("teacher")
    for _ in range(3):
        clock.forward(minutes=29)
        assert sqlite_door.get("/own").status_code == 200
    clock.forward(minutes=31)
    assert sqlite_door.get("/own").location == "/login?next=/own"
    sqlite_door.log_in("teacher")
    for _ in range(24):
        clock.forward(minutes=29)
        sqlite_door.get("/own")
    clock.forward(minutes=29)
    assert sqlite_door.get("/own").status_code == 302


def test_an_administrator_idles_half_as_long(sqlite_door, clock):
    sqlite_door.log_in("admin")
    clock.forward(minutes=14)
    assert sqlite_door.get("/own").status_code == 200
    clock.forward(minutes=16)
    assert sqlite_door.get("/own").status_code == 302


def test_signing_out_ends_the_session_for_good(door):
    door.log_in("teacher")
    taken = door.client.get_cookie("portrait").value
    token = door.get("/_dash-layout").get_json()
    hidden = next(value for value in _values(token, "token"))
    assert door.post("/logout", {"token": hidden}).location == "/login?left=1"
    assert door.get("/own").status_code == 302
    door.client.set_cookie("portrait", taken, domain="localhost")
    assert door.get("/own").status_code == 302


def _values(node, name):
    """The values of the inputs of that name anywhere in a layout."""
    if isinstance(node, dict):
        if node.get("name") == name:
            yield node["value"]
        for child in node.values():
            yield from _values(child, name)
    elif isinstance(node, list):
        for child in node:
            yield from _values(child, name)


def test_a_form_without_our_token_does_nothing(sqlite_door):
    answer = sqlite_door.post("/login", {"login": "teacher", "password": PASSWORD, "token": "0" * 64})
    assert (answer.status_code, sqlite_door.client.get_cookie("portrait")) == (400, None)
    sqlite_door.log_in("teacher")
    sqlite_door.post("/logout", {"token": "0" * 64})
    assert sqlite_door.get("/own").status_code == 200


def test_another_browsers_form_token_is_worth_nothing_here(sqlite_door):
    other = Browser(sqlite_door.app).form_token()
    sqlite_door.form_token()
    answer = sqlite_door.post("/login", {"login": "teacher", "password": PASSWORD, "token": other})
    assert answer.status_code == 400


def test_signing_in_makes_a_new_session_whatever_the_cookie_was(sqlite_door):
    sqlite_door.client.set_cookie("portrait", "planted", domain="localhost")
    sqlite_door.log_in("teacher")
    assert sqlite_door.client.get_cookie("portrait").value != "planted"


def test_who_is_signed_in_does_not_see_the_form_again(sqlite_door):
    sqlite_door.log_in("teacher")
    assert sqlite_door.get("/login?next=/own").location == "/own"


def test_the_form_speaks_english_on_request(sqlite_door):
    assert '<html lang="en">' in sqlite_door.get("/login?language=en").text
    assert '<html lang="zh-CN">' in sqlite_door.get("/login").text


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/x",
        "/\\evil.example",
        "javascript:alert(1)",
        "own",
        "/login",
        "/a\nb",
    ],
)
def test_the_page_after_login_is_one_of_ours(wanted):
    assert local_path(wanted) == "/"


def test_changing_the_password_needs_the_old_one_and_ends_the_other_sessions(door, site):
    here, there = door, Browser(door.app)
    here.log_in("teacher")
    there.log_in("teacher")

    def change(old, new, again):
        answer = here.callback(
            "..own-said.children...own-old.value...own-new.value...own-again.value...own-sessions.children..",
            [{"id": "own-change", "property": "n_clicks", "value": 1}],
            [
                {"id": "own-old", "property": "value", "value": old},
                {"id": "own-new", "property": "value", "value": new},
                {"id": "own-again", "property": "value", "value": again},
            ],
            outputs=[
                {"id": "own-said", "property": "children"},
                *({"id": f"own-{name}", "property": "value"} for name in ("old", "new", "again")),
                {"id": "own-sessions", "property": "children"},
            ],
        )
        return answer.get_json()["response"]["own-said"]["children"]["props"]["children"]

    fresh = "another-2022-word"
    assert change("nonsense", fresh, fresh) == "现在的密码不对。"
    assert change(PASSWORD, fresh, fresh + "x") == "两次输入的新密码不一样。"
    assert change(PASSWORD, "short", "short").endswith("密码至少 8 个字符")
    assert there.get("/own").status_code == 200
    assert change(PASSWORD, fresh, fresh) == "密码已经修改。"
    assert here.get("/own").status_code == 200
    assert there.get("/own").status_code == 302
    assert there.log_in("teacher").status_code == 401
    assert there.log_in("teacher", fresh).status_code == 302


@pytest.mark.parametrize(
    ("role", "password", "fault"),
    [
        ("office", "seven77", "至少 8 个"),
        ("admin", "eleven-1234", "至少 12 个"),
        ("office", "aaaabbbbcccc", "太简单"),
        ("office", "x-Someone-2022", "不能包含登录名"),
        ("office", "1234-" * 40, "最多 128"),
    ],
)
def test_a_weak_password_is_refused_with_its_fault(sqlite_site, role, password, fault):
    with pytest.raises(InputError, match=fault):
        add_user(sqlite_site.registry, "someone", "某人", password, role, now=START)


def test_an_account_must_be_bound_to_what_its_role_looks_at(site):
    settle(site.registry)
    with pytest.raises(InputError, match="要绑定 person_id"):
        add_user(site.registry, "x", "某人", PASSWORD, "teacher", now=START)
    with pytest.raises(InputError, match="不存在"):
        add_user(site.registry, "x", "某人", PASSWORD, "teacher", now=START, person_id=999)
    with pytest.raises(InputError, match="没有角色“king”；可用：teacher"):
        add_user(site.registry, "x", "某人", PASSWORD, "king", now=START)
    with pytest.raises(InputError, match="没有项目办“OFFICE_X”"):
        add_user(site.registry, "x", "某人", PASSWORD, "office", now=START, office="OFFICE_X")
    add_user(site.registry, "x", "某人", PASSWORD, "office", now=START)
    with pytest.raises(InputError, match="“x”已经有人用了"):
        add_user(site.registry, "x", "某人", PASSWORD, "office", now=START)
    with pytest.raises(NotFound, match="没有登录名“y”"):
        set_password(site.registry, "y", PASSWORD)


def test_behind_https_the_cookie_is_secure_and_hsts_is_sent(sqlite_site):
    from dataclasses import replace

    settle(sqlite_site.registry)
    enlist(sqlite_site.registry, "teacher")
    secure = replace(sqlite_site, settings=sqlite_site.settings.model_copy(update={"https": True}))
    door = Browser(create_app(secure, clock=Clock()))
    door.origin = "https://localhost"
    page = door.client.get("/login", base_url="https://localhost")
    token = page.text.split('name="token" value="')[1].split('"')[0]
    answer = door.client.post(
        "/login",
        data={"login": "teacher", "password": PASSWORD, "token": token},
        headers={"Origin": "https://localhost"},
        base_url="https://localhost",
    )
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-portrait="))
    assert "Secure" in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_a_teacher_is_bound_by_a_staff_number_in_any_case_and_by_a_key_with_its_source_as_it_is_shown(
    sqlite_site,
):
    registry = sqlite_site.registry
    assert linked_id(registry, Role.TEACHER, "cx００1") == key_number("person", "CX001")
    assert linked_id(registry, Role.TEACHER, "m:ab12") == key_number("person", "m:ab12")
