"""What the site lets through: sign-in, origin, headers, errors, and two browsers that must not see each other."""

import gzip
import re
from dataclasses import replace

import pytest
from dash import Input, Output, html
from flask import Response

from dashboards.app import create_app
from dashboards.delivery import PLOTLY, Kept, slim_plotly
from dashboards.page import Page
from dashboards.pages import PAGES
from dashboards.serve import open_server, warm_up
from portrait.errors import NotFound
from portrait.scope import Role
from portrait.store.audit import recent_audit
from tests.readers import Browser, Clock, browser, enlist, settle


@pytest.fixture
def home(sqlite_site):
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry, "teacher", "colleague", "office", "admin")
    return sqlite_site


def faulty(_context, query):
    if "missing" in query:
        raise NotFound("没有这个班")
    raise RuntimeError("secret detail")


def broken(app, context):
    @app.callback(Output("out", "children"), Input("in", "value"))
    def fail(value):
        context()
        raise RuntimeError("secret detail")


FAULTY = Page("/faulty", lambda: "坏页", "alert", frozenset({Role.TEACHER}), faulty, broken, nav=False)


def test_without_a_session_pages_lead_to_the_login_form(home):
    stranger = browser(home)
    assert stranger.get("/").location == "/login"
    assert stranger.get("/own?tab=2").location == "/login?next=/own%3Ftab%3D2"
    assert stranger.get("/nowhere").location == "/login?next=/nowhere"


@pytest.mark.parametrize("path", ["/_dash-layout", "/_dash-dependencies", "/_reload-hash"])
def test_without_a_session_dash_answers_401(home, path):
    assert browser(home).get(path).status_code == 401


def test_without_a_session_a_callback_answers_401(home):
    answer = browser(home).callback("a.b", [{"id": "in", "property": "value", "value": 1}])
    assert answer.status_code == 401


def test_scripts_styles_and_health_are_open_to_all(home):
    stranger = browser(home)
    assert stranger.get("/healthz").get_json() == {"ok": True}
    with stranger.get("/assets/shell.css") as style:
        assert style.status_code == 200
    assert stranger.get("/robots.txt").text.endswith("Disallow: /\n")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 200),
        ({"Referer": "http://localhost/own"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Referer": "http://evil.example/http://localhost/"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}, 403),
        ({}, 403),
    ],
)
def test_a_changing_request_must_come_from_our_own_pages(home, headers, status):
    reader = browser(home, "teacher")
    body = {
        "output": "language-saved.data",
        "outputs": {"id": "language-saved", "property": "data"},
        "inputs": [{"id": "language", "property": "value", "value": "zh"}],
        "state": [{"id": "language-saved", "property": "data", "value": None}],
        "changedPropIds": ["language.value"],
    }
    answer = reader.client.post("/_dash-update-component", json=body, headers=headers)
    assert answer.status_code == status


def test_every_page_leaves_with_strict_headers(home):
    for answer in (browser(home).get("/login"), browser(home, "teacher").get("/own")):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        script = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert "unsafe" not in script
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers


def test_the_content_policy_names_every_inline_script_by_its_hash(home):
    import base64
    import hashlib

    answer = browser(home, "teacher").get("/own")
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>(.*?)</script>", answer.text, re.S)
    assert inline
    for script in inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_the_first_page_names_no_other_host(home):
    text = browser(home, "teacher").get("/own").text
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]+", text) == []


def test_the_status_says_what_the_page_will_show(home):
    reader = browser(home, "teacher", pages=(*PAGES, FAULTY))
    assert reader.get("/own").status_code == 200
    assert reader.get("/nowhere").status_code == 404
    other = browser(home, "office", pages=(*PAGES, FAULTY))
    assert other.get("/faulty").status_code == 403


def test_the_first_page_of_a_role_answers_to_the_root(home):
    one = Page("/one", lambda: "一", "person", frozenset({Role.OFFICE}), lambda c, q: html.P("第一页"))
    two = Page("/two", lambda: "二", "person", frozenset({Role.TEACHER}), lambda c, q: html.P("第二页"))
    assert "第一页" in browser(home, "office", pages=(two, one)).open("/")
    assert "第二页" in browser(home, "teacher", pages=(one, two)).open("/")


def test_an_unknown_path_and_a_missing_object_show_a_page_of_their_own(home):
    reader = browser(home, "teacher", pages=(*PAGES, FAULTY))
    assert "没有这个页面" in reader.open("/nowhere")
    assert "没有这个页面" in reader.open("/faulty", "?missing=1")


def test_an_error_shows_a_number_that_stands_in_the_log(home, caplog):
    shown = browser(home, "teacher", pages=(*PAGES, FAULTY)).open("/faulty")
    number = re.search(r"编号 ([0-9A-F]{8})", shown)[1]
    assert f"incident {number}" in caplog.text
    assert "secret detail" in caplog.text
    assert "secret detail" not in shown


def test_an_error_in_a_callback_becomes_a_message_with_its_number(home, caplog):
    reader = browser(home, "teacher", pages=(*PAGES, FAULTY))
    answer = reader.callback(
        "out.children",
        [{"id": "in", "property": "value", "value": 1}],
        outputs={"id": "out", "property": "children"},
    )
    note = answer.get_json()["sideUpdate"]["notice"]["sendNotifications"][0]
    assert re.search(r"编号 ([0-9A-F]{8})", note["message"])[1] in caplog.text
    assert "secret detail" not in answer.text


def test_a_page_not_meant_for_a_role_is_refused_with_its_reason_and_audited(home):
    other = browser(home, "office", pages=(*PAGES, FAULTY))
    assert "“坏页”不对项目执行办公室开放" in other.open("/faulty")
    row = recent_audit(home.registry)[0]
    assert (row.actor, row.action, row.object, row.outcome) == ("office", "open", "/faulty", "refused")


def test_a_callback_of_a_page_not_meant_for_a_role_is_refused(home):
    other = browser(home, "office", pages=(*PAGES, FAULTY))
    answer = other.callback(
        "out.children",
        [{"id": "in", "property": "value", "value": 1}],
        outputs={"id": "out", "property": "children"},
    )
    assert (
        "不对项目执行办公室开放"
        in answer.get_json()["sideUpdate"]["notice"]["sendNotifications"][0]["message"]
    )
    assert recent_audit(home.registry)[0].outcome == "refused"


@pytest.mark.parametrize(
    "search",
    ["?x=1", "?=&&&=", "?" + "a=1&" * 900, "?id=%00%ff%zz", "?id[]=1", "?tab=<script>", "no question mark"],
)
def test_unknown_and_forged_query_parameters_are_no_error(home, search):
    shown = browser(home, "teacher").open("/own", search)
    assert "个人设置" in shown
    assert "页面出错了" not in shown


def test_two_browsers_on_one_app_do_not_see_each_other(home):
    app = create_app(home, clock=Clock())
    one, two = Browser(app), Browser(app)
    one.log_in("teacher")
    two.log_in("colleague")
    answer = one.callback(
        "language-saved.data",
        [{"id": "language", "property": "value", "value": "en"}],
        [{"id": "language-saved", "property": "data", "value": None}],
        outputs={"id": "language-saved", "property": "data"},
    )
    assert answer.get_json()["response"]["language-saved"]["data"] == "en"
    assert '<html lang="en">' in one.get("/own").text
    assert '<html lang="zh-CN">' in two.get("/own").text
    assert "读者teacher" in one.open("/own")
    assert "读者colleague" not in one.open("/own")
    assert "读者colleague" in two.open("/own")
    one.client.delete_cookie("portrait")
    assert one.get("/own").status_code == 302
    assert two.get("/own").status_code == 200


def test_several_apps_live_in_one_process_with_their_own_pages(home):
    extra = Page("/extra", lambda: "另一页", "person", frozenset(Role), lambda c, q: html.P("只在这里"))
    plain, more = browser(home, "teacher"), browser(home, "teacher", pages=(*PAGES, extra))
    assert "只在这里" in more.open("/extra")
    assert "没有这个页面" in plain.open("/extra")


def test_the_side_bar_holds_the_pages_of_the_role_only(home):
    one = Page("/one", lambda: "只给项目办", "person", frozenset({Role.OFFICE}), lambda c, q: "")

    def side_bar(login):
        return str(browser(home, login, pages=(*PAGES, one)).get("/_dash-layout").get_json())

    assert "只给项目办" not in side_bar("teacher")
    assert "只给项目办" in side_bar("office")


def test_bundles_come_compressed_once_and_stay_in_the_browser(home):
    reader = browser(home, "teacher")
    warm_up(reader.app)
    text = reader.get("/own").text
    bundle = re.search(r'src="(/_dash-component-suites/dash/dcc/[^"]+)"', text)[1].replace("&amp;", "&")
    first = reader.get(bundle, **{"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    assert "immutable" in first.headers["Cache-Control"]
    plain = reader.get(bundle)
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(first.data) == plain.data
    assert len(first.data) < len(plain.data) / 3


def test_invented_addresses_of_a_bundle_do_not_fill_the_memory(home):
    stranger = browser(home)
    kept = stranger.app.server.extensions["kept"]
    wants = {"Accept-Encoding": "gzip"}
    warm_up(stranger.app)
    suite = "/_dash-component-suites/dash/dcc"
    first = stranger.get(f"{suite}/dash_core_components.v1m1.js", **wants)
    assert first.headers["Content-Encoding"] == "gzip"
    before = (len(kept), kept.size)
    for i in range(30):
        for address in (f"{suite}/dash_core_components.v{i}m{i}.js", f"{suite}/dash_core_components.vx-{i}mab.js?{i}",
                        "/assets/" + "./" * i + "shell.css"):  # fmt: skip
            answer = stranger.get(address, **wants)
            assert answer.status_code == 200
            if "dash_core" in address:
                assert answer.data == first.data
    assert (len(kept), kept.size) == before
    assert kept.size < kept.most / 2


def test_no_more_than_its_room_is_kept():
    kept = Kept(most=10)
    for name, size in (("/assets/a.css", 6), ("/assets/b.css", 6), ("/assets/c.css", 4)):
        kept.keep(name, Response("x" * size))
    assert (len(kept), kept.size) == (2, 10)
    assert kept.find("/assets/b.css") is None
    assert kept.find("/assets/./c.css").get_data() == b"xxxx"


def test_the_served_site_answers_at_once(home):
    settings = home.settings.model_copy(update={"port": 0})
    server = open_server(replace(home, settings=settings))
    try:
        assert int(server.effective_port) > 0
    finally:
        server.close()


def test_what_carries_no_version_in_its_address_is_asked_for_again(home):
    reader = browser(home, "teacher")
    first = reader.get("/_dash-component-suites/dash/dcc/async-graph.js", **{"Accept-Encoding": "gzip"})
    assert first.headers["Cache-Control"] == "public, no-cache"
    again = reader.get(
        "/_dash-component-suites/dash/dcc/async-graph.js",
        **{"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]},
    )
    assert (again.status_code, again.data) == (304, b"")


def test_the_slim_plotly_is_of_the_installed_version_and_served_in_place_of_the_whole(home):
    script = slim_plotly()
    assert script is not None
    assert browser(home).get(PLOTLY).data == script
    assert len(script) < 2_000_000
