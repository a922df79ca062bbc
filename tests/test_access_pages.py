"""Role × page × foreign object: who may open what, walked over every page in the registry."""

import re
from pathlib import Path

import pytest

from dashboards import app
from dashboards.page import parse_query
from dashboards.pages import PAGES
from portrait.scope import Role
from portrait.store.audit import recent_audit
from tests.foreign import REFUSED_ROW, foreign_names, refuse_a_row
from tests.press import outputs_of, shown
from tests.readers import READERS, Browser, Clock, enlist, settle

# What a page may be asked for in its address, and things of others to ask for. A page with a new parameter adds a row.
FOREIGN = {
    "person": ["2", "3", "4"],
    "teacher": ["2", "3", "4"],
    "class": ["101", "102"],
    "run": ["101", "102"],
    "provider": ["1", "2"],
    "school": ["2", "3"],
    "region": ["410200", "410202", "410181"],
    "city": ["410100", "410200"],
    "county": ["410102", "410202", "410181"],
    "course": ["1"],
    "batch": ["1"],
    "category": ["GP1", "SP1"],
    "office": ["OFFICE_A", "OFFICE_C"],
    "year": ["2022"],
    "unit": ["410200", "410202", "1", "2"],
    "node": ["P2", "P2.1"],
    "dimension": ["P2", "P2.1"],
    "login": ["admin"],
    "user": ["1"],
    "source": ["lms", "roster"],
    "code": ["missing"],
    "month": ["2022-09", "2022-13"],
    "actor": ["teacher"],
    "action": ["login"],
    "outcome": ["refused"],
    "before": ["1", "2"],
    "role": ["teacher", "admin"],
    "framework": ["portrait_recommended_v0", "ten_rules_2018"],
    "version": ["1", "2"],
    "target": ["ten_rules_2018"],
    "tab": ["waiting", "later", "history"],
    "about": ["teacher", "k2"],
}
FORGED = ["0", "-1", "9" * 40, "2'--", "<b>", "None", "", "NaN", "१२", "P9.9", "%00", "a" * 1500]


@pytest.fixture
def home(sqlite_site):
    settle(sqlite_site.registry)
    enlist(sqlite_site.registry)
    refuse_a_row(sqlite_site.registry)
    return sqlite_site


@pytest.fixture
def readers(home):
    """A signed-in browser for each reader, all on one app."""
    site = app.create_app(home, clock=Clock())
    return {
        login: Browser(site).sit_down(home.registry, number) for number, login in enumerate(READERS, start=1)
    }


class Asked(dict):
    """The parameters of an address that remembers which of them were looked at."""

    def __init__(self, given, looked):
        super().__init__(given)
        self.looked = looked

    def __iter__(self):
        self.looked.update(FOREIGN)
        return super().__iter__()

    def items(self):
        self.looked.update(FOREIGN)
        return super().items()

    def __contains__(self, name):
        self.looked.add(name)
        return super().__contains__(name)

    def __getitem__(self, name):
        self.looked.add(name)
        return super().__getitem__(name)

    def get(self, name, default=None):
        self.looked.add(name)
        return super().get(name, default)


def check(shown, login, asked):
    """No error, and no name that is not this reader's to see. A refusal is as good as an empty page."""
    assert "出错了" not in shown, asked
    assert foreign_names(shown, login) == set(), asked


@pytest.mark.parametrize("leaf", PAGES, ids=lambda leaf: leaf.path)
def test_a_page_opens_for_its_roles_only_and_shows_nothing_foreign(readers, leaf):
    for login, reader in readers.items():
        shown = reader.open(leaf.path)
        check(shown, login, leaf.path)
        assert ("这里不对您开放" in shown) is (READERS[login][0] not in leaf.roles), login


@pytest.mark.parametrize("leaf", PAGES, ids=lambda leaf: leaf.path)
def test_asking_for_a_foreign_object_in_the_address_shows_nothing_of_it(readers, leaf, monkeypatch):
    looked = set()
    monkeypatch.setattr(app, "parse_query", lambda search: Asked(parse_query(search), looked))
    for login, reader in readers.items():
        if READERS[login][0] not in leaf.roles:
            continue
        looked.clear()
        everything = "?" + "&".join(f"{name}={values[-1]}" for name, values in FOREIGN.items())
        check(reader.open(leaf.path, everything), login, everything)
        check(reader.open(leaf.path, "?"), login, leaf.path)
        # What the page never looks at cannot change it; what it looks at may make it look at more.
        done = set()
        while left := looked & FOREIGN.keys() - done:
            name = min(left)
            done.add(name)
            for value in FOREIGN[name]:
                asked = f"?{name}={value}"
                check(reader.open(leaf.path, asked), login, asked)


@pytest.mark.parametrize("leaf", PAGES, ids=lambda leaf: leaf.path)
def test_forged_parameters_are_no_error_on_any_page(readers, leaf):
    login = next(login for login, (role, _) in READERS.items() if role in leaf.roles)
    for value in FORGED:
        everything = "&".join(f"{name}={value[:60]}" for name in FOREIGN)
        check(readers[login].open(leaf.path, f"?{everything}"), login, everything)
    for name in FOREIGN:
        check(readers[login].open(leaf.path, f"?{name}=9%27x"), login, name)


def test_every_parameter_that_a_page_reads_stands_in_the_table():
    folder = Path(__file__).parent.parent / "dashboards"
    read = set()
    for file in folder.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        read |= set(re.findall(r'query\.get\(\s*"(\w+)"', text))
        read |= set(re.findall(r'query\["(\w+)"\]', text))
        read |= set(re.findall(r'whole\(query, "(\w+)"\)', text))
    assert read - set(FOREIGN) - HARMLESS == set()


# Parameters that name no object of anyone: a tab, a search word, an order.
HARMLESS = {"q", "tab", "page", "claims", "only", "sort", "view", "state", "measure", "plan", "rule"}


def as_input(listed):
    """A callback's input with nothing in it, in the form the renderer sends."""
    if isinstance(listed, list):
        return [as_input(one) for one in listed]
    if listed["id"].startswith("{"):
        return []  # a pattern that no component on the page fits
    return {**{name: listed[name] for name in ("id", "property")}, "value": None}


def callbacks_of(site):
    return {
        listed["output"]: listed for listed in site._callback_list if not listed.get("clientside_function")
    }


@pytest.mark.parametrize("leaf", [p for p in PAGES if p.roles != set(Role)], ids=lambda leaf: leaf.path)
def test_every_callback_of_a_page_refuses_the_other_roles(home, leaf):
    shell = callbacks_of(app.create_app(home, pages=(), clock=Clock()))
    site = app.create_app(home, pages=(leaf,), clock=Clock())
    login = next(login for login, (role, _) in READERS.items() if role not in leaf.roles)
    number = list(READERS).index(login) + 1
    reader = Browser(site).sit_down(home.registry, number)
    for output, listed in callbacks_of(site).items():
        if output in shell:
            continue
        answer = reader.callback(
            output,
            [as_input(one) for one in listed["inputs"]],
            [as_input(one) for one in listed["state"]],
            outputs_of(listed),
        )
        told = f"{leaf.path}: {output} 对{login}"
        assert answer.status_code == 200, f"{told}没有检查角色"
        assert not answer.get_json().get("response"), f"{told}做了事"
        assert f"“{leaf.title()}”不对" in shown(answer), f"{told}没有检查角色"
        newest = recent_audit(home.registry, actor=login)[0]
        assert (newest.action, newest.outcome) == ("callback", "refused"), told


def test_the_row_in_quarantine_is_really_there_to_be_found(readers):
    assert REFUSED_ROW in readers["admin"].open("/quarantine")
    assert REFUSED_ROW in readers["admin"].open("/intake", "?batch=1")


def test_files_come_in_from_administrators_only(readers, home):
    for login, reader in readers.items():
        answer = reader.post("/intake/upload?name=a.csv", b"a\n1\n")
        assert answer.status_code == (200 if login == "admin" else 403), login
    arrived = [path.name for path in (home.settings.home / "upload").rglob("*.csv")]
    assert arrived == ["a.csv"]


def test_files_come_in_from_our_own_pages_of_who_is_signed_in_only(readers, home):
    admin = readers["admin"]
    assert admin.post("/intake/upload?name=a.csv", b"a\n", origin="http://evil.example").status_code == 403
    assert admin.post("/intake/upload?name=a.csv", b"a\n", origin=None).status_code == 403
    stranger = Browser(admin.app)
    assert stranger.post("/intake/upload?name=a.csv", b"a\n").status_code == 401
    assert not (home.settings.home / "upload").exists()
