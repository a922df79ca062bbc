"""/statements: taking them in, giving them out."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from sqlalchemy import Connection

from portrait.store import statement as table
from portrait.store.credential import credentials_of, credentials_vouched
from portrait.store.statement import Filter, Row
from portrait.xapi.attachment import match
from portrait.xapi.body import Mark, moment, unpack, whole
from portrait.xapi.exchange import IN_PIECES, JSON, Answer, Refusal, Request, answer_json, parse_json
from portrait.xapi.invalid import Invalid
from portrait.xapi.language import canonical, ids_only
from portrait.xapi.multipart import Part, compose, parse
from portrait.xapi.parameter import agent, choice, iri, taken, time, truth, uuid
from portrait.xapi.parameter import whole as whole_number
from portrait.xapi.prepare import Prepared, prepare_all
from portrait.xapi.record_store import Store
from portrait.xapi.signature import check_signatures
from portrait.xapi.term import agent_number, member_number, number, terms
from portrait.xapi.writer import Job

SINGLE = ("statementId", "voidedStatementId")
SHAPE = ("format", "attachments")
FILTERS = (
    "agent",
    "verb",
    "activity",
    "registration",
    "related_activities",
    "related_agents",
    "since",
    "until",
    "limit",
    "ascending",
)
CURSOR = "from"  # of the links that this store makes: the last statement of the page before
FORMATS = ("exact", "ids", "canonical")


# --- in --------------------------------------------------------------------------------------------------------


def put(request: Request, store: Store) -> Answer:
    """One statement under the id that the parameter gives. 204."""
    taken(request.parameters, ("statementId",), needed=("statementId",))
    wanted = uuid(request.parameters, "statementId")
    sent, parts = _sent(request)
    if not isinstance(sent, dict):
        raise Refusal(400, "PUT takes one statement")
    if sent.get("id") is None:
        sent = {**sent, "id": str(wanted)}
    [made] = _ready(request, store, [sent], parts)
    if made.id != wanted:
        raise Refusal(400, f"the statement's id {made.id} is not the parameter's {wanted}")
    _write(request, store, [made], parts)
    return Answer(204)


def post(request: Request, store: Store) -> Answer:
    """One statement or a list of them. 200 with their ids in the order they were sent."""
    taken(request.parameters, ())
    sent, parts = _sent(request)
    made = _ready(request, store, sent if isinstance(sent, list) else [sent], parts)
    _write(request, store, made, parts)
    return answer_json([str(one.id) for one in made])


def _sent(request: Request) -> tuple[Any, tuple[Part, ...]]:
    """The JSON that was sent, and the attachments' parts."""
    if request.type == JSON:
        return parse_json(request.body, "the body"), ()
    if request.type == "multipart/mixed":
        try:
            parts = parse(request.header("content-type"), request.body)
        except Invalid as error:
            raise Refusal(400, str(error)) from None
        if not parts or parts[0].media != JSON:
            raise Refusal(400, "the first part has to be the statements, application/json")
        return parse_json(parts[0].content, "the first part"), parts
    raise Refusal(
        400, f"Content-Type {request.type!r}: statements come as application/json or multipart/mixed"
    )


def _ready(request: Request, store: Store, sent: list[Any], parts: tuple[Part, ...]) -> list[Prepared]:
    if len(sent) > store.limits.batch:
        reason = f"{len(sent)} statements in one request; at most {store.limits.batch} are taken"
        raise Refusal(413, reason, IN_PIECES)
    try:
        made = prepare_all(
            sent,
            request.version,
            lenient=request.credential.lenient,
            attached=frozenset(part.hash for part in parts[1:]),
        )
        statements = [one.statement for one in made]
        contents = match(statements, parts, request.version)
        check_signatures(statements, contents, request.version)
    except Invalid as error:
        raise Refusal(400, str(error)) from None
    return made


def _write(request: Request, store: Store, made: list[Prepared], parts: tuple[Part, ...]) -> None:
    if made:
        contents = {part.hash: part.content for part in parts[1:]}
        store.writer.write(Job(request.credential, made, contents))


# --- out -------------------------------------------------------------------------------------------------------


def get(request: Request, store: Store) -> Answer:
    """One statement by its id, or those that a filter finds."""
    parameters = request.parameters
    taken(parameters, (*SINGLE, *SHAPE, *FILTERS, CURSOR))
    form = choice(parameters, "format", FORMATS)
    attachments = truth(parameters, "attachments")
    asked = [name for name in SINGLE if name in parameters]
    if len(asked) > 1:
        raise Refusal(400, "statementId and voidedStatementId cannot be asked for together")
    if asked:
        others = [name for name in parameters if name not in (*SINGLE, *SHAPE)]
        if others:
            raise Refusal(400, f"{asked[0]} goes with format and attachments only, not with {others[0]}")
        wanted = uuid(parameters, asked[0])
        assert wanted is not None
        return _one(request, store, wanted, asked[0] == "voidedStatementId", form, attachments)
    return _many(request, store, form, attachments)


def _one(request: Request, store: Store, wanted: UUID, voided: bool, form: str, attachments: bool) -> Answer:
    with store.registry.connect() as connection:
        row = table.held(connection, [wanted]).get(wanted)
        if row is None or row.voided != voided or not _may_see(connection, request, row):
            raise Refusal(404, f"no {'voided ' if voided else ''}statement {wanted}")
        text = _texts(connection, request, [row], form)[0]
        headers = (("Last-Modified", formatdate(row.seq // 1_000_000, usegmt=True)),)
        if not attachments:
            return Answer(200, text, JSON, headers)
        return _with_attachments(connection, text, [row], headers)


def _many(request: Request, store: Store, form: str, attachments: bool) -> Answer:
    limit = whole_number(request.parameters, "limit") or store.limits.page
    limit = min(limit, store.limits.page)
    with store.registry.connect() as connection:
        rows = table.find(connection, _filter(connection, request), limit + 1)
        shown = rows[:limit]
        if attachments:
            shown = shown[: _carried(connection, shown, store.limits.body)]
        more = _more(request, store, shown[-1].seq) if len(rows) > len(shown) else ""
        texts = _texts(connection, request, shown, form)
        body = b"".join((b'{"statements":[', b",".join(texts), b'],"more":', orjson.dumps(more), b"}"))
        if not attachments:
            return Answer(200, body, JSON)
        return _with_attachments(connection, body, shown, ())


def _filter(connection: Connection, request: Request) -> Filter:
    parameters = request.parameters
    somebody = agent(parameters, "agent")
    verb, activity = iri(parameters, "verb"), iri(parameters, "activity")
    registration = uuid(parameters, "registration")
    vouched: tuple[int, ...] = ()
    broad = truth(parameters, "related_agents")
    if somebody is not None and broad and "account" in somebody:
        vouched = credentials_vouched(connection, somebody["account"])
    return Filter(
        agent=agent_number(somebody) if somebody is not None else None,
        member=member_number(somebody) if somebody is not None else None,
        credentials=vouched,
        broad_agent=broad,
        verb=number("verb", verb) if verb is not None else None,
        activity=number("activity", activity) if activity is not None else None,
        broad_activity=truth(parameters, "related_activities"),
        registration=number("registration", str(registration)) if registration is not None else None,
        since=time(parameters, "since"),
        until=time(parameters, "until"),
        ascending=truth(parameters, "ascending"),
        after=_cursor(parameters),
        own=_own(connection, request),
    )


def _own(connection: Connection, request: Request) -> tuple[int, ...] | None:
    """Whose statements the credential may see; None: everybody's."""
    return None if request.credential.read == "all" else credentials_of(connection, request.credential.source)


def _may_see(connection: Connection, request: Request, row: Row) -> bool:
    own = _own(connection, request)
    return own is None or row.credential in own


def _cursor(parameters: Mapping[str, str]) -> int | None:
    value = parameters.get(CURSOR)
    if value is None:
        return None
    try:
        read = base64.b64decode(value.encode(), altchars=b"-_", validate=True)
    except ValueError:
        read = b""
    cursor = int.from_bytes(read, "big")
    if len(read) != 8 or cursor >= 1 << 63:
        raise Refusal(400, f"{CURSOR}: not one of this store's links")
    return cursor


def _more(request: Request, store: Store, seq: int) -> str:
    kept = {key: value for key, value in request.parameters.items() if key != CURSOR}
    cursor = base64.urlsafe_b64encode(seq.to_bytes(8, "big")).decode()
    return f"{store.mount}/statements?{urlencode({**kept, CURSOR: cursor})}"


def _texts(connection: Connection, request: Request, rows: list[Row], form: str) -> list[bytes]:
    """The statements as JSON in the form asked for."""
    if not rows:
        return []
    authorities = _authorities(connection, {row.credential for row in rows})
    texts = [whole(row.seq, row.id, row.flag, authorities[row.credential], unpack(row.body)) for row in rows]
    if form == "exact":
        return texts
    statements = [orjson.loads(text) for text in texts]
    if form == "ids":
        return [orjson.dumps(ids_only(statement)) for statement in statements]
    spoken_of: dict[int, str] = {}
    for statement in statements:
        spoken_of |= {key: thing for key, (thing, _) in terms(statement).activities.items()}
    known = dict(table.definitions(connection, list(spoken_of)).values())
    language = request.header("accept-language")
    return [orjson.dumps(canonical(statement, language, known)) for statement in statements]


def _authorities(connection: Connection, wanted: set[int]) -> dict[int, bytes]:
    known = table.authorities(connection, sorted(wanted))
    return {key: orjson.dumps(value) for key, value in known.items()}


def _declared(row: Row) -> dict[str, str]:
    """Type of each content by its sha2."""
    if not row.flag & Mark.ATTACHED:
        return {}
    statement = orjson.loads(unpack(row.body))
    things = (statement, statement["object"])
    return {one["sha2"]: one["contentType"] for thing in things for one in thing.get("attachments", ())}


def _carried(connection: Connection, rows: list[Row], most: int) -> int:
    """How many of the statements, at least one, can be answered together with contents of so many bytes."""
    declared = [_declared(row) for row in rows]
    sizes = table.attachment_sizes(connection, [key for keys in declared for key in keys])
    total = 0
    for place, keys in enumerate(declared):
        total += sum(sizes.get(key, 0) for key in keys)
        if total > most and place:
            return place
    return len(rows)


def _with_attachments(
    connection: Connection, body: bytes, rows: list[Row], headers: tuple[tuple[str, str], ...]
) -> Answer:
    wanted: dict[str, str] = {}
    for row in rows:
        wanted |= _declared(row)
    contents = table.attachments(connection, list(wanted))
    parts = [Part(JSON, body)]
    parts += [Part(wanted[key], content, key) for key, content in contents.items()]
    type, composed = compose(parts)
    return Answer(200, composed, type, headers)


def consistent_through(store: Store, connection: Connection) -> str:
    """Up to when everything that was stored can be found."""
    through = store.writer.through()
    if table.somebody_writes(connection):
        through = min(through, table.newest(connection))
    return moment(through)
