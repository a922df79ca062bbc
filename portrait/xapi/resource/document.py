"""/activities/state, /activities/profile and /agents/profile: documents under a key, guarded by their ETags."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

import orjson

from portrait import clock
from portrait.store.document import (
    Document,
    Place,
    change_document,
    find_document,
    list_documents,
    remove_documents,
)
from portrait.xapi.body import microseconds
from portrait.xapi.exchange import JSON, Answer, Refusal, Request, answer_json, parse_json
from portrait.xapi.parameter import agent, iri, taken, time, uuid
from portrait.xapi.record_store import Store
from portrait.xapi.term import agent_number, number

_TAG = re.compile(r'(?:W/)?"([^"]*)"')


@dataclass(frozen=True)
class Kind:
    """One document resource: its letter in the table, the parameters that make its key, the one that names a document.

    `guarded` are the versions in which a PUT over a document needs a condition; `wipes` says that DELETE may take all.
    """

    letter: str
    keys: tuple[str, ...]
    name: str
    optional: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ("1.0.3", "2.0.0")
    wipes: bool = False


STATE = Kind("s", ("activityId", "agent"), "stateId", ("registration",), ("2.0.0",), wipes=True)
ACTIVITY_PROFILE = Kind("a", ("activityId",), "profileId")
AGENT_PROFILE = Kind("g", ("agent",), "profileId")


def get(kind: Kind) -> Callable[[Request, Store], Answer]:
    def answer(request: Request, store: Store) -> Answer:
        """A document as it was sent, or the ids of a place's documents."""
        taken(request.parameters, (*kind.keys, *kind.optional, kind.name, "since"), needed=kind.keys)
        since = time(request.parameters, "since")
        named = kind.name in request.parameters
        place = _place(kind, request, every=not named)
        only = request.credential.source if request.credential.read == "own" else ""
        with store.registry.connect() as connection:
            if not named:
                return answer_json(list_documents(connection, place, since, only))
            found = find_document(connection, place)
        if found is None or (only and found.source != only):
            raise Refusal(404, "no such document")
        headers = (
            ("ETag", f'"{found.etag}"'),
            ("Last-Modified", formatdate(found.updated // 1_000_000, usegmt=True)),
        )
        return Answer(200, found.content, found.type, headers)

    return answer


def put(kind: Kind) -> Callable[[Request, Store], Answer]:
    def answer(request: Request, store: Store) -> Answer:
        """A document in the place of whatever was there."""

        def change(before: Document | None) -> Document:
            _conditions(request, before)
            conditional = {"if-match", "if-none-match"} & set(request.headers)
            if before is not None and request.version in kind.guarded and not conditional:
                raise Refusal(
                    409,
                    "the document exists: GET it first and send its ETag in If-Match, so that nobody's change is lost",
                )
            return made

        taken(request.parameters, (*kind.keys, *kind.optional, kind.name), needed=(*kind.keys, kind.name))
        place = _place(kind, request)
        made = _document(kind, request, request.body, request.header("content-type"))
        change_document(store.registry, place, change)
        return Answer(204)

    return answer


def post(kind: Kind) -> Callable[[Request, Store], Answer]:
    def answer(request: Request, store: Store) -> Answer:
        """A document, or what it adds to the one that is there: then both are JSON objects."""

        def change(before: Document | None) -> Document:
            _conditions(request, before)
            if before is None:
                return made
            held = _object(before.content) if _is_json(before.type) else None
            if held is None or not isinstance(sent, dict):
                raise Refusal(
                    400, "only a JSON object can be joined with a document, which has to be one itself"
                )
            return _document(kind, request, orjson.dumps({**held, **sent}), before.type)

        taken(request.parameters, (*kind.keys, *kind.optional, kind.name), needed=(*kind.keys, kind.name))
        place = _place(kind, request)
        sent = parse_json(request.body, "the document") if _is_json(request.type) else None
        made = _document(kind, request, request.body, request.header("content-type"))
        change_document(store.registry, place, change)
        return Answer(204)

    return answer


def delete(kind: Kind) -> Callable[[Request, Store], Answer]:
    def answer(request: Request, store: Store) -> Answer:
        """No document any more."""

        def change(before: Document | None) -> None:
            _conditions(request, before)

        needed = kind.keys if kind.wipes else (*kind.keys, kind.name)
        taken(request.parameters, (*kind.keys, *kind.optional, kind.name), needed=needed)
        named = kind.name in request.parameters
        place = _place(kind, request, every=not named)
        only = "" if request.credential.read == "all" else request.credential.source
        if named:
            change_document(store.registry, place, change)
        else:
            remove_documents(store.registry, place, only)
        return Answer(204)

    return answer


def _place(kind: Kind, request: Request, *, every: bool = False) -> Place:
    parameters = request.parameters
    activity = iri(parameters, "activityId") if "activityId" in kind.keys else None
    somebody = agent(parameters, "agent") if "agent" in kind.keys else None
    registration = uuid(parameters, "registration")
    named = parameters.get(kind.name)
    return Place(
        kind.letter,
        number("activity", activity) if activity else 0,
        agent_number(somebody) if somebody else 0,
        number("registration", str(registration)) if registration else (None if every else 0),
        None if every or named is None else number("document", named),
    )


def _document(kind: Kind, request: Request, content: bytes, type: str) -> Document:
    return Document(
        text=request.parameters[kind.name],
        type=(type or "application/octet-stream")[:200],
        etag=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        updated=microseconds(clock.now()),
        source=request.credential.source,
        content=content,
    )


def _conditions(request: Request, before: Document | None) -> None:
    """Raises Refusal 403 for a document out of reach, 412 where If-Match or If-None-Match does not hold."""
    sender = request.credential
    if before is not None and sender.read != "all" and before.source != sender.source:
        raise Refusal(403, "the document is another source's")
    match, none_match = request.header("if-match"), request.header("if-none-match")
    if match and (before is None or not _names(match, before.etag)):
        raise Refusal(412, "If-Match: the document is not that one (any more)")
    if none_match and before is not None and _names(none_match, before.etag):
        raise Refusal(412, "If-None-Match: the document is there")


def _names(header: str, etag: str) -> bool:
    if header.strip() == "*":
        return True
    tags = _TAG.findall(header) or [tag.strip() for tag in header.split(",")]
    return etag in (tag.lower() for tag in tags)


def _is_json(type: str) -> bool:
    return type.partition(";")[0].strip().lower() == JSON


def _object(content: bytes) -> dict[str, object] | None:
    try:
        held = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return held if isinstance(held, dict) else None
