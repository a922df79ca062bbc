"""Pages under load: real HTTP against a served site, each user with a login of their own; the baseline is the health page under the same load."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from portrait.clock import now
from portrait.scope import Role
from portrait.settings import load_settings
from portrait.site import open_site
from portrait.store.user import add_user, find_user
from tests.bench.lookup import persons

PASSWORD = "bench-password-2022"
OUTPUT = "..page.children...page-title.data.."


@dataclass(frozen=True)
class Load:
    pages: dict[str, list[float]]  # path → seconds of each answer
    baseline: list[float]
    errors: int
    megabytes: float  # peak resident memory of the server


def enlist(home: Path, users: int, seed: int) -> list[str]:
    """Logins of teachers who have a portrait, made when they are missing."""
    site = open_site(load_settings(home))
    drawn = random.Random(seed).sample(persons(home), users)
    logins = []
    for number, person in enumerate(drawn):
        login = f"bench-{seed}-{number}"
        if find_user(site.registry, login) is None:
            add_user(site.registry, login, login, PASSWORD, Role.TEACHER, now=now(), person_id=person)
        logins.append(login)
    return logins


def under_load(home: Path, users: int, seconds: float, seed: int, port: int) -> Load:
    """Every user opens pages one after the other, with no pause, for `seconds`."""
    logins = enlist(home, users, seed)
    command = [sys.executable, "-c", "from portrait.cli import main; main()", "serve"]
    server = subprocess.Popen([*command, "--home", str(home), "--port", str(port)], stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, server)
        sessions = [_log_in(address, login) for login in logins]
        paths = _paths(sessions[0], address)
        baseline, failed = _drive(
            sessions, seconds / 2, lambda session, _draw: ("/healthz", session.get(f"{address}/healthz"))
        )
        pages, errors = _drive(
            sessions, seconds, lambda session, draw: _open(session, address, draw.choice(paths))
        )
        return Load(pages, baseline["/healthz"], errors + failed, _peak(server.pid))
    finally:
        server.terminate()
        server.wait(timeout=20)


def _paths(session: requests.Session, address: str) -> list[str]:
    from dashboards.pages import PAGES

    return [page.path for page in PAGES if Role.TEACHER in page.roles and page.nav]


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"the site ended with {server.returncode}")
        try:
            if requests.get(f"{address}/healthz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise RuntimeError("the site did not come up within a minute")


def _log_in(address: str, login: str) -> requests.Session:
    session = requests.Session()
    form = session.get(f"{address}/login", timeout=30).text
    token = re.search(r'name="token" value="(\w+)"', form)
    data = {"login": login, "password": PASSWORD, "token": token[1] if token else ""}
    answer = session.post(f"{address}/login", data=data, headers={"Origin": address}, timeout=30)
    if not answer.ok or "/login" in answer.url:
        raise RuntimeError(f"{login} could not log in: {answer.status_code}")
    return session


def _open(session: requests.Session, address: str, path: str) -> tuple[str, requests.Response]:
    body = {
        "output": OUTPUT,
        "outputs": [{"id": "page", "property": "children"}, {"id": "page-title", "property": "data"}],
        "inputs": [
            {"id": "url", "property": "pathname", "value": path},
            {"id": "url", "property": "search", "value": ""},
        ],
        "changedPropIds": ["url.pathname", "url.search"],
    }
    return path, session.post(
        f"{address}/_dash-update-component", json=body, headers={"Origin": address}, timeout=60
    )


def _drive(
    sessions: list[requests.Session],
    seconds: float,
    ask: Callable[[requests.Session, random.Random], tuple[str, requests.Response]],
) -> tuple[dict[str, list[float]], int]:
    spent: dict[str, list[float]] = {}
    errors = 0
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def user(number: int, session: requests.Session) -> None:
        nonlocal errors
        draw = random.Random(number)
        while time.monotonic() < end:
            start = time.perf_counter()
            path, answer = ask(session, draw)
            took = time.perf_counter() - start
            with lock:
                spent.setdefault(path, []).append(took)
                errors += not answer.ok

    threads = [threading.Thread(target=user, args=each) for each in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spent, errors


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(found[1]) / 1024 if found else float("nan")
