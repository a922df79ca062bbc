"""A served site and a watched browser: every console error, failed or foreign request and sideways scroll is a failure."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from waitress.wasyncore import close_all

from dashboards.app import create_app
from dashboards.serve import open_server
from portrait.settings import load_settings
from portrait.site import Site, open_site
from tests.readers import PASSWORD, enlist, settle

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1366, "height": 900}}


@dataclass(frozen=True)
class Served:
    """A running site: its address and what is behind it."""

    site: Site
    address: str


def run(site: Site) -> Iterator[Served]:
    """Serves a site on a free port until the fixture ends."""
    site = replace(site, settings=site.settings.model_copy(update={"port": 0}))
    server = open_server(site, create_app(site))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    yield Served(site, f"http://127.0.0.1:{server.effective_port}")
    # The browser keeps its connections open, and the loop runs while there is one: all go, in the loop's own thread.
    server.trigger.pull_trigger(lambda: close_all(server._map))
    thread.join(timeout=10)
    assert not thread.is_alive()
    server.task_dispatcher.shutdown()
    site.registry.dispose()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The little province, served."""
    home = tmp_path_factory.mktemp("served")
    site = open_site(load_settings(home, today=date(2022, 8, 31), threads=4))
    settle(site.registry)
    enlist(site.registry)
    yield from run(site)


@pytest.fixture(scope="session")
def portrayed(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo province, served with its demo logins."""
    home = shutil.copytree(demo_home, tmp_path_factory.mktemp("portrayed") / "home")
    yield from run(open_site(load_settings(home)))


@dataclass
class Watched:
    """A browser page with what went wrong on it so far."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self._note("console", m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note("script", str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)
        self.page.on("request", self._asked)

    def _note(self, kind: str, text: str) -> None:
        self.faults.append(f"{kind}: {text[:300]}")

    def _failed(self, request: Request) -> None:
        self._note("failed", f"{request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._note("status", f"{response.status} {response.url}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self._note("foreign", request.url)

    def settle(self) -> None:
        """Waits until the page stands: router answered, callbacks done, charts drawn."""
        self.page.wait_for_selector("#page > *")
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_function("!document.querySelector('[data-dash-is-loading=true]')")

    def log_in(self, login: str, wanted: str = "/", password: str = PASSWORD) -> None:
        self.page.goto(f"{self.address}/login?next={wanted}")
        self.page.fill("#login", login)
        self.page.fill("#password", password)
        self.page.click("button[type=submit]")
        self.settle()

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.settle()

    def resize(self, size: str) -> None:
        """The same page on another screen, once it stands again."""
        self.page.set_viewport_size(SIZES[size])
        # Charts and tables follow the new width in the next frames.
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def drawn(self) -> int:
        """How many charts stand on the page with data in them, once all are drawn."""
        self.page.wait_for_function(
            "[...document.querySelectorAll('.dash-graph')].every(g => g.querySelector('.js-plotly-plot .main-svg'))"
        )
        charts = self.page.locator(".js-plotly-plot")
        return charts.filter(has=self.page.locator(".trace path")).count()

    def cut(self) -> list[str]:
        """Tables that are wider than the room they have once their columns have settled, so that something in them is out of sight."""
        found = (
            "[...document.querySelectorAll('#page .ag-center-cols-viewport, #page .table-scroll')]"
            ".filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1)"
            ".map(e => `${(e.closest('.grid') || e).id || e.className}: ${e.scrollWidth} > ${e.clientWidth}`)"
        )
        with suppress(PlaywrightTimeout):
            self.page.wait_for_function(f"{found}.length === 0", timeout=5_000)
        return [str(one) for one in self.page.evaluate(found)]

    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.fixture(params=list(SIZES))
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def watch(context: BrowserContext, served: Served) -> Iterator[Callable[[str], Watched]]:
    """Opens a watched page of a size; its faults are checked when the test ends."""
    opened: list[Watched] = []

    def start(size: str = "desktop") -> Watched:
        page = context.new_page()
        page.set_viewport_size(SIZES[size])
        page.set_default_timeout(30_000)
        opened.append(Watched(page, served.address))
        return opened[-1]

    yield start
    faults = [fault for watched in opened for fault in watched.faults]
    assert faults == []
