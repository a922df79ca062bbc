"""Draws the pictures of the documents from a demo site: `make screenshot`. It needs a Chromium and Chinese fonts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer
from playwright.sync_api import Browser, Page, sync_playwright

from dashboards.serve import open_server
from portrait.cli.demo import build
from portrait.cli.guest import guests
from portrait.site import Site

FOLDER = Path(__file__).parent / "picture"
SIZES = {"desktop": (1366, 900), "phone": (390, 844)}
MOST = 300_000  # bytes of one picture


@dataclass(frozen=True)
class Shot:
    """One picture: who looks at which page on what screen."""

    name: str
    login: str
    path: str
    size: str

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}-{self.size}.png"


SHOTS = (
    Shot("portrait", "teacher", "/portrait", "desktop"),
    Shot("portrait", "teacher", "/portrait", "phone"),
    Shot("class", "trainer", "/trainer/portrait", "desktop"),
    Shot("office", "province", "/office", "desktop"),
)


def main(
    home: Annotated[Path | None, typer.Option(help="示范数据的家目录；不给则在临时目录里建一个")] = None,
    teachers: Annotated[int | None, typer.Option(help="示范省的教师数，默认 20000")] = None,
) -> None:
    """画出文档里的图，放在 docs/picture。"""
    asked = {} if teachers is None else {"teachers": teachers}
    with tempfile.TemporaryDirectory(prefix="portrait-shot-") as work:
        site = build(home or Path(work), asked)
        passwords = {guest.login: guest.password for guest in guests(site.settings.home)}
        with served(site) as address, chromium() as browser:
            FOLDER.mkdir(exist_ok=True)
            for shot in SHOTS:
                draw(browser, address, shot, passwords[shot.login])
                typer.echo(
                    f"{shot.file.relative_to(Path(__file__).parent)}　{shot.file.stat().st_size:,} 字节"
                )
    site.registry.dispose()


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The address of the site, on a free port."""
    server = open_server(replace(site, settings=site.settings.model_copy(update={"port": 0})))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        server.task_dispatcher.shutdown()
        thread.join(timeout=10)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, else the one that Playwright fetched."""
    names = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, names), None),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def draw(browser: Browser, address: str, shot: Shot, password: str) -> None:
    """Log in, open the page and draw the first screen. Raises ValueError when the picture is too heavy for a document."""
    width, height = SIZES[shot.size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{address}/login?next={shot.path}")
    page.fill("#login", shot.login)
    page.fill("#password", password)
    page.click("button[type=submit]")
    settle(page)
    page.screenshot(path=shot.file)
    context.close()
    if shot.file.stat().st_size > MOST:
        raise ValueError(f"{shot.file.name} 有 {shot.file.stat().st_size:,} 字节，超过 {MOST:,}")


def settle(page: Page) -> None:
    """Wait until the page stands: router answered, callbacks done, charts drawn."""
    page.wait_for_selector("#page h1")
    page.wait_for_load_state("networkidle")
    page.wait_for_function("!document.querySelector('[data-dash-is-loading=true]')")
    page.wait_for_function(
        "[...document.querySelectorAll('.dash-graph')].every(graph => graph.querySelector('.main-svg'))"
    )
    page.evaluate("document.activeElement?.blur()")


if __name__ == "__main__":
    typer.run(main)
