"""Pages under load: real HTTP against a served site, each user with a login of their own; the baseline is the health page under the same load."""

from __future__ import annotations

import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import requests

from tests.bench.lookup import persons
from tests.bench.measure import peak

PASSWORD = "bench-password-2022"
OUTPUT = "..page.children...page-title.data.."
FAILED = "whole-page"  # the class of what stands in the place of a page that could not be shown
# Of twenty readers; those of whom there is no page yet are left out.
MIX = ("teacher", "trainer", "school", "bureau", "office", "admin")
MIX += ("teacher",) * 6 + ("trainer", "office") + ("teacher",) * 6


@dataclass(frozen=True)
class Reader:
    """A login and the pages that stand in its side bar."""

    login: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Load:
    pages: dict[str, list[float]]  # path → seconds of each answer
    health: list[float]
    failed: tuple[str, ...]  # what was asked for and not shown
    megabytes: float  # peak resident memory of the server
    health_megabytes: float  # its peak before the first page


def enlist(home: Path, users: int, seed: int) -> list[Reader]:
    """Readers of every role, as many as asked for, drawn from the people and places of the home."""
    from dashboards.pages import PAGES
    from portrait.clock import now
    from portrait.scope import Role
    from portrait.settings import load_settings
    from portrait.site import open_site
    from portrait.store.user import add_user

    site = open_site(load_settings(home))
    draw = random.Random(seed)
    # Drawn from classes, teachers and trainees, not from lists of codes: whoever has much to see is drawn more often.
    weighed = {
        "person_id": persons(home),
        "provider_id": _column(site, "SELECT provider_id FROM training_class WHERE provider_id IS NOT NULL"),
        "school_id": _column(site, "SELECT school_id FROM person WHERE school_id IS NOT NULL"),
        "region": _column(site, "SELECT region FROM trainee WHERE region <> ''"),
    }
    links = {
        Role.TEACHER: "person_id",
        Role.TRAINER: "provider_id",
        Role.SCHOOL: "school_id",
        Role.BUREAU: "region",
    }
    paths = {role: tuple(page.path for page in PAGES if role in page.roles and page.nav) for role in Role}
    roles = [Role(name) for name in MIX if paths[Role(name)]]
    readers = []
    for number, role in enumerate(islice(cycle(roles), users)):
        login = f"reader-{number}"
        link = {links[role]: draw.choice(weighed[links[role]])} if role in links else {}
        add_user(site.registry, login, login, PASSWORD, role, now=now(), **link)
        readers.append(Reader(login, paths[role]))
    site.registry.dispose()
    return readers


def _column(site: Any, query: str) -> list[Any]:
    from sqlalchemy import text

    with site.registry.connect() as connection:
        return list(connection.execute(text(query)).scalars())


def under_load(home: Path, readers: Sequence[Reader], seconds: float) -> Load:
    """Every reader opens its pages in any order, one after the other and with no pause, for `seconds`; before it the health page."""
    port = free_port()
    command = [sys.executable, "-c", "from portrait.cli import main; main()", "serve"]
    log = home / "serve.log"
    with log.open("w") as told:
        server = subprocess.Popen(
            [*command, "--home", str(home), "--port", str(port)], stdout=told, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, server, log)
        sessions = [_log_in(address, reader.login) for reader in readers]
        health, failed = _drive(
            sessions, seconds / 2, lambda session, _turn: _ask_health(session, address), [1] * len(sessions)
        )
        before = peak(server.pid)
        _warm(readers, sessions, address)
        turns = [_turns(number, reader.paths) for number, reader in enumerate(readers)]
        pages, errors = _drive(
            sessions,
            seconds,
            lambda session, turn: _open(session, address, next(turns[turn])),
            [len(reader.paths) for reader in readers],
        )
        return Load(pages, health.get("/healthz", []), failed + errors, peak(server.pid), before)
    finally:
        server.terminate()
        server.wait(timeout=20)


def _warm(readers: Sequence[Reader], sessions: Sequence[requests.Session], address: str) -> None:
    """Every page once, so that no reader waits for what a site does once: models loaded, names read."""
    seen: set[str] = set()
    for reader, session in zip(readers, sessions, strict=True):
        for path in reader.paths:
            if path not in seen:
                _open(session, address, path)
                seen.add(path)


def _turns(seed: int, paths: Sequence[str]) -> Any:
    """All the pages of a reader in an order of its own, again and again."""
    shuffled = random.Random(seed).sample(paths, len(paths))
    return cycle(shuffled)


def free_port() -> int:
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"the site ended with {server.returncode}: {log.read_text()[-2000:]}")
        try:
            if requests.get(f"{address}/healthz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise RuntimeError("the site did not come up within a minute")


def _log_in(address: str, login: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy of the machine between us and the site
    form = session.get(f"{address}/login", timeout=30).text
    token = re.search(r'name="token" value="(\w+)"', form)
    data = {"login": login, "password": PASSWORD, "token": token[1] if token else ""}
    answer = session.post(f"{address}/login", data=data, headers={"Origin": address}, timeout=30)
    if not answer.ok or "/login" in answer.url:
        raise RuntimeError(f"{login} could not log in: {answer.status_code}")
    return session


def _ask_health(session: requests.Session, address: str) -> tuple[str, bool]:
    return "/healthz", session.get(f"{address}/healthz", timeout=60).ok


def _open(session: requests.Session, address: str, path: str) -> tuple[str, bool]:
    """What the browser asks for when a reader turns to a page."""
    body = {
        "output": OUTPUT,
        "outputs": [{"id": "page", "property": "children"}, {"id": "page-title", "property": "data"}],
        "inputs": [
            {"id": "url", "property": "pathname", "value": path},
            {"id": "url", "property": "search", "value": ""},
        ],
        "changedPropIds": ["url.pathname", "url.search"],
    }
    answer = session.post(
        f"{address}/_dash-update-component", json=body, headers={"Origin": address}, timeout=60
    )
    return path, answer.ok and FAILED.encode() not in answer.content


def _drive(
    sessions: Sequence[requests.Session],
    seconds: float,
    ask: Callable[[requests.Session, int], tuple[str, bool]],
    least: Sequence[int],
) -> tuple[dict[str, list[float]], tuple[str, ...]]:
    """Seconds of each answer by what was asked for, and what failed. Each session asks until the end, and its `least` in any case."""
    spent: dict[str, list[float]] = {}
    failed: list[str] = []
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def user(number: int, session: requests.Session) -> None:
        asked = 0
        while asked < least[number] or time.monotonic() < end:
            start = time.perf_counter()
            try:
                path, shown = ask(session, number)
            except requests.RequestException as error:
                path, shown = type(error).__name__, False
            took = time.perf_counter() - start
            with lock:
                spent.setdefault(path, []).append(took)
                failed.extend([] if shown else [path])
            asked += 1

    threads = [threading.Thread(target=user, args=each) for each in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spent, tuple(failed)
