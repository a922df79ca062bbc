"""A learning record store over real HTTP, and valid things to send to it."""

from __future__ import annotations

import json as jsonlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from threading import Barrier, Thread, local
from typing import Any, TypeVar
from urllib.parse import quote, urljoin
from uuid import uuid4

import requests
from sqlalchemy import Engine
from waitress.server import create_server
from waitress.wasyncore import close_all

from portrait.store.credential import add_credential
from portrait.xapi.wsgi import application

VERSION = "X-Experience-API-Version"
THROUGH = "X-Experience-API-Consistent-Through"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"

T = TypeVar("T")


class Lrs:
    """One client of a store: its address, its credential and the version it speaks unless told otherwise."""

    def __init__(self, url: str, key: str, secret: str, version: str) -> None:
        self.url, self.key, self.secret, self.version = url, key, secret, version
        self._own = local()
        self._sessions: list[requests.Session] = []

    @property
    def is_2(self) -> bool:
        return self.version.startswith("2")

    @property
    def basic(self) -> str:
        """What the credential looks like in the Authorization header."""
        return "Basic " + b64encode(f"{self.key}:{self.secret}".encode()).decode()

    def _session(self) -> requests.Session:
        if not hasattr(self._own, "session"):
            self._own.session = requests.Session()
            self._own.session.trust_env = False
            self._sessions.append(self._own.session)
        return self._own.session

    def request(
        self,
        method: str,
        path: str,
        *,
        version: str | None = "",
        auth: bool | str = True,
        params: Mapping[str, Any] | None = None,
        json: Any = ...,
        data: bytes | str | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The answer to one request: without the version's header for None, with any text as `auth` sent as it is.

        Parameters travel as the conformance suites send them: objects as encoded JSON, `:` and `/` bare.
        """
        sent = dict(headers or {})
        if version is not None:
            sent.setdefault(VERSION, version or self.version)
        if auth:
            sent.setdefault("Authorization", self.basic if auth is True else str(auth))
        if json is not ...:
            data = jsonlib.dumps(json, ensure_ascii=False)
            sent.setdefault("Content-Type", "application/json")
        if isinstance(data, str):
            data = data.encode()
        query = "&".join(f"{name}={spell(value)}" for name, value in (params or {}).items())
        url = urljoin(self.url, path) if path.startswith("/") else f"{self.url}/{path}"
        if query:
            url += f"?{query}"
        return self._session().request(method, url, data=data, headers=sent, timeout=60)

    def get(self, path: str, **rest: Any) -> requests.Response:
        return self.request("GET", path, **rest)

    def post(self, path: str, **rest: Any) -> requests.Response:
        return self.request("POST", path, **rest)

    def put(self, path: str, **rest: Any) -> requests.Response:
        return self.request("PUT", path, **rest)

    def delete(self, path: str, **rest: Any) -> requests.Response:
        return self.request("DELETE", path, **rest)

    def send(self, *statements: dict[str, Any]) -> list[str]:
        """Ids of statements just stored, one batch."""
        answer = self.post("statements", json=list(statements))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fetch(self, id: str, **params: Any) -> dict[str, Any]:
        """A stored statement."""
        answer = self.get("statements", params={"statementId": id, **params})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def find(self, **params: Any) -> list[str]:
        """Ids of the statements a query finds, page after page, as they come."""
        answer, found = self.get("statements", params=params), []
        while True:
            assert answer.status_code == 200, answer.text
            result = answer.json()
            found += [one["id"] for one in result["statements"]]
            if not result["more"]:
                return found
            answer = self.get(result["more"])

    def close(self) -> None:
        for session in self._sessions:
            session.close()

    def at_once(self, *works: Callable[[Lrs], T]) -> list[T]:
        """What each work gives, all begun in one moment, each with connections of its own."""
        start = Barrier(len(works))

        def run(work: Callable[[Lrs], T]) -> T:
            with closing(Lrs(self.url, self.key, self.secret, self.version)) as own:
                start.wait(timeout=30)
                return work(own)

        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(run, works))


def spell(value: Any) -> str:
    """A parameter's value as it stands in a query."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return quote(jsonlib.dumps(value), safe="")
    return quote(str(value), safe=":/")


@dataclass
class House:
    """A served store, its registry, and the clients it was asked for."""

    address: str
    registry: Engine
    clients: list[Lrs] = field(default_factory=list)

    def client(self, **credential: Any) -> Lrs:
        """A client with a credential of its own."""
        own = add_credential(self.registry, **{"source": "test", "rights": "all"} | credential)
        self.clients.append(Lrs(self.address, own.key, own.secret, own.version))
        return self.clients[-1]


@contextmanager
def serving(registry: Engine) -> Iterator[House]:
    """The store of a registry, served on a free port."""
    app = application(registry, mount="/xapi", default_version="1.0.3")
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    house = House(f"http://127.0.0.1:{server.effective_port}/xapi", registry)
    yield house
    for client in house.clients:
        client.close()
    # The loop runs while a connection is open: all go, in the loop's own thread, sometimes before it is woken.
    with suppress(OSError):
        server.trigger.pull_trigger(lambda: close_all(server._map))
    thread.join(timeout=10)
    assert not thread.is_alive()
    server.task_dispatcher.shutdown()
    app.close()


def fresh() -> str:
    return str(uuid4())


def agent(**changes: Any) -> dict[str, Any]:
    """An agent nobody else is."""
    return {"objectType": "Agent", "name": "Somebody", "mbox": f"mailto:{fresh()}@example.org"} | changes


def group(**changes: Any) -> dict[str, Any]:
    """An identified group without members."""
    return {"objectType": "Group", "name": "Some", "mbox": f"mailto:{fresh()}@example.org"} | changes


def activity(**definition: Any) -> dict[str, Any]:
    """An activity nobody has done yet, described in two languages."""
    described = {
        "type": "http://example.org/types/lesson",
        "name": {"en-US": "a lesson", "en-GB": "a class"},
        "description": {"en-US": "color", "en-GB": "colour"},
    }
    return {
        "objectType": "Activity",
        "id": f"http://example.org/activities/{fresh()}",
        "definition": described | definition,
    }


def statement(**changes: Any) -> dict[str, Any]:
    """A valid statement with an id, an actor, a verb and an object of its own."""
    return {
        "id": fresh(),
        "actor": agent(),
        "verb": {
            "id": f"http://example.org/verbs/{fresh()}",
            "display": {"en-US": "canceled", "en-GB": "cancelled"},
        },
        "object": activity(),
    } | changes


def without(thing: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name not in names}


def reference(id: str) -> dict[str, str]:
    return {"objectType": "StatementRef", "id": id}


def voiding(id: str, **changes: Any) -> dict[str, Any]:
    """A statement that voids another."""
    return statement(verb={"id": VOIDED, "display": {"en-US": "voided"}}, object=reference(id)) | changes


def substatement(**changes: Any) -> dict[str, Any]:
    return {"objectType": "SubStatement"} | without(statement(), "id") | changes


def attachment(content: bytes, **changes: Any) -> dict[str, Any]:
    """What a statement says of a file."""
    return {
        "usageType": "http://example.org/usage/test",
        "display": {"en-US": "A file"},
        "contentType": "text/plain",
        "length": len(content),
        "sha2": sha256(content).hexdigest(),
    } | changes


Part = tuple[Mapping[str, str], bytes]


def json_part(content: Any) -> Part:
    return {"Content-Type": "application/json"}, jsonlib.dumps(content).encode()


def file_part(content: bytes, **headers: str | None) -> Part:
    """A file as a part of a request; a header given as None is left out."""
    own = {
        "Content-Type": "text/plain",
        "Content-Transfer-Encoding": "binary",
        "X-Experience-API-Hash": sha256(content).hexdigest(),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return {name: value for name, value in own.items() if value is not None}, content


def mixed(*parts: Part, boundary: str, colon: str = ": ") -> bytes:
    """A body of type multipart/mixed."""
    lines = []
    for headers, content in parts:
        head = "".join(f"{name}{colon}{value}\r\n" for name, value in headers.items())
        lines.append(f"--{boundary}\r\n{head}\r\n".encode() + content + b"\r\n")
    return b"".join(lines) + f"--{boundary}--\r\n".encode()


def unmix(answer: requests.Response) -> list[Part]:
    """The parts of a multipart answer, read as strictly as the conformance suites read it."""
    kind, _, rest = answer.headers["Content-Type"].partition(";")
    assert kind == "multipart/mixed"
    assert rest.startswith(" boundary=")
    boundary = rest.removeprefix(" boundary=")
    assert boundary.isalnum()
    *parts, end = answer.content.split(f"--{boundary}".encode())[1:]
    assert end.startswith(b"--")
    found = []
    for part in parts:
        assert part.startswith(b"\r\n")
        assert part.endswith(b"\r\n")
        head, _, content = part[2:-2].partition(b"\r\n\r\n")
        found.append((dict(line.split(": ", 1) for line in head.decode().split("\r\n")), content))
    return found


def moment(text: str) -> datetime:
    """A timestamp as a point in time; one without an offset is none."""
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None
    return found
