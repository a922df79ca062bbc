"""The site and the learning record store as two processes of one command: started together, ended together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from portrait.settings import load_settings
from portrait.site import open_site


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(port: int, path: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return bool(answer.status == 200 and answer.url == f"http://127.0.0.1:{port}{path}")
    return False


@pytest.fixture
def pair(tmp_path: Path):
    """The running command, the site's port and the store's."""
    home = tmp_path / "home"
    open_site(load_settings(home)).registry.dispose()
    port, store = free_port(), free_port()
    code = "from portrait.cli import main; main()"
    words = ["serve", "--home", home, "--port", port, "--xapi-port", store]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    told = ""
    while process.poll() is None and not ("网站已打开" in told and "学习记录库已打开" in told):
        told += process.stdout.readline()
    yield process, port, store
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.slow
def test_one_command_serves_both_and_ends_both(pair) -> None:
    process, port, store = pair
    assert answers(port, "/login")
    assert answers(store, "/xapi/about")
    assert not answers(port, "/xapi/about")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert not answers(store, "/xapi/about")


@pytest.mark.slow
def test_when_the_store_ends_by_itself_the_site_ends_too(pair) -> None:
    process, _, store = pair
    [child] = (Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())[:1]
    os.kill(int(child), signal.SIGKILL)
    process.wait(30)
    assert not answers(store, "/xapi/about")


def test_a_process_ends_in_silence_while_a_thread_holds_what_it_read_with(tmp_path: Path) -> None:
    code = f"""
from threading import Event, Thread
from portrait.settings import load_settings
from portrait.site import open_site
site, read = open_site(load_settings({str(tmp_path / "home")!r})), Event()
def look():
    site.pool.rows("SELECT count(*) FROM record")
    read.set()
    Event().wait()
Thread(target=look, daemon=True).start()
read.wait()
site.close()
print(site.pool.rows("SELECT count(*) FROM record"))
site.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[(0,)]\n", "")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_site_ends_at_once_and_without_a_crash_while_a_page_s_work_goes_on(
    tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    script = f"""
import os, signal, duckdb
from datetime import datetime
from threading import Event
from dashboards.job import Jobs
from portrait.cli import console, serve
from portrait.settings import load_settings
from portrait.site import open_site
begun = Event()
def work(tell):
    engine = duckdb.connect()
    begun.set()
    engine.execute("SELECT count(*) FROM range(10_000_000_000) a WHERE a.range % 7 = 3").fetchall()
def served(*given, **named):
    Jobs().start("refresh", work, by="", now=datetime.now())
    begun.wait()
    os.kill(os.getpid(), {int(sent)})
    Event().wait()
import dashboards.serve
dashboards.serve.serve = served
serve.run(open_site(load_settings({str(tmp_path / "home")!r})))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (code, "")
    assert "断点" in done.stdout
