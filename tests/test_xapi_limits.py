"""Who may do what at the learning record store, how much of it, and what happens when it is too much."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from portrait.clock import now
from portrait.site import Site
from portrait.store import statement as table
from portrait.store.credential import add_credential, check_credential, list_credentials, revoke_credential
from portrait.store.schema import repair
from portrait.xapi.record_store import Limits
from portrait.xapi.term import number
from portrait.xapi.wsgi import Application, application
from tests.test_xapi_find import Call, calling

VOIDED = "http://adlnet.gov/expapi/verbs/voided"


@pytest.fixture
def app(site: Site) -> Iterator[Application]:
    with closing(application(site.registry, limits=Limits(body=4_000, batch=3, waiting=4, page=2))) as made:
        yield made


def did(**more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "actor": {"mbox": "mailto:somebody@example.org"},
        "verb": {"id": "https://example.org/did"},
        "object": {"id": "https://example.org/thing"},
        **more,
    }


def as_source(app: Application, source: str, **rights: Any) -> Call:
    return calling(app, add_credential(app.store.registry, source=source, **rights))


def test_own_statements_are_those_of_every_credential_of_the_source(app: Application) -> None:
    mine, also_mine = as_source(app, "a", rights="own"), as_source(app, "a", rights="read-own")
    other, all_of_them = as_source(app, "b", rights="own"), as_source(app, "c", rights="read-all")
    sent = did()
    assert mine("POST", body=sent)[0] == 200
    assert [one["id"] for one in also_mine("GET")[1]["statements"]] == [sent["id"]]
    assert also_mine("GET", {"statementId": sent["id"]})[0] == 200
    assert other("GET")[1]["statements"] == []
    assert other("GET", {"statementId": sent["id"]})[0] == 404
    assert len(all_of_them("GET")[1]["statements"]) == 1


def test_who_may_only_read_cannot_write_and_who_may_only_write_cannot_read(app: Application) -> None:
    assert as_source(app, "a", rights="read-all")("POST", body=did())[0] == 403
    assert as_source(app, "a", rights="write")("GET")[0] == 403


def test_a_revoked_credential_enters_no_more_and_what_it_wrote_stays(site: Site, app: Application) -> None:
    made = add_credential(site.registry, source="a")
    assert calling(app, made)("POST", body=did())[0] == 200
    revoke_credential(site.registry, made.key, moment=now())
    assert check_credential(site.registry, made.key, made.secret) is None
    assert [one.revoked is not None for one in list_credentials(site.registry)] == [True]
    with closing(application(site.registry)) as fresh:  # which remembers nobody
        assert calling(fresh, made)("GET")[0] == 401
        assert len(as_source(fresh, "b")("GET")[1]["statements"]) == 1


def test_another_source_cannot_void_a_statement(app: Application) -> None:
    mine, other = as_source(app, "a"), as_source(app, "b")
    sent = did()
    mine("POST", body=sent)
    voiding = did(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": sent["id"]})
    assert other("POST", body=voiding)[0] == 403
    assert mine("GET", {"statementId": sent["id"]})[0] == 200
    assert mine("POST", body=voiding)[0] == 200
    assert mine("GET", {"statementId": sent["id"]})[0] == 404


def test_a_void_of_another_source_that_came_first_voids_nothing(app: Application) -> None:
    mine, other = as_source(app, "a"), as_source(app, "b")
    sent = did()
    voiding = did(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": sent["id"]})
    assert other("POST", body=voiding)[0] == 200
    assert mine("POST", body=sent)[0] == 200
    assert mine("GET", {"statementId": sent["id"]})[0] == 200


def test_too_many_bytes_or_statements_are_413_and_nothing_is_stored(app: Application) -> None:
    heard: list[dict[str, str]] = []
    call = calling(app, add_credential(app.store.registry, source="a"), heard)
    assert call("POST", body=[did() for _ in range(4)])[0] == 413
    assert call("POST", body=did(result={"response": "x" * 5_000}))[0] == 413
    assert all("Retry-After" in headers for headers in heard)
    assert call("GET")[1]["statements"] == []


def test_who_comes_too_often_is_told_when_to_come_again(app: Application) -> None:
    heard: list[dict[str, str]] = []
    call = calling(app, add_credential(app.store.registry, source="a", rate=2), heard)
    assert [call("GET")[0] for _ in range(3)] == [200, 200, 429]
    assert ["Retry-After" in headers for headers in heard] == [False, False, True]
    assert as_source(app, "a")("GET")[0] == 200


def test_when_too_much_waits_the_sender_is_asked_to_come_again(app: Application, monkeypatch: Any) -> None:
    call = as_source(app, "a")
    entered, go_on = Event(), Event()
    add = table.add

    def slow(*arguments: Any) -> None:
        entered.set()
        go_on.wait(20)
        add(*arguments)

    monkeypatch.setattr(table, "add", slow)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(call, "POST", body=did())
        assert entered.wait(20)  # the writer is at work, from here on everything waits
        waiting = [threads.submit(call, "POST", body=[did(), did()]) for _ in range(2)]
        while app.store.writer.waiting < 4:
            pass
        status, told = call("POST", body=did())
        assert status == 503
        assert "waiting" in told["error"]
        go_on.set()
        assert [one.result()[0] for one in (first, *waiting)] == [200, 200, 200]
    assert len(_all(call)) == 5


def _all(call: Call) -> list[str]:
    found: list[str] = []
    cursor: dict[str, Any] = {"ascending": "true"}
    while True:
        page = call("GET", cursor)[1]
        found += [one["id"] for one in page["statements"]]
        if not page["more"]:
            return found
        cursor = {"ascending": "true", "from": page["more"].rpartition("from=")[2].replace("%3D", "=")}


def test_two_stores_of_one_registry_take_the_same_ids_once(site: Site) -> None:
    with closing(application(site.registry)) as left, closing(application(site.registry)) as right:
        made = add_credential(site.registry, source="a")
        calls = [calling(left, made), calling(right, made)]
        batches = [[did() for _ in range(5)] for _ in range(6)]
        with ThreadPoolExecutor(8) as threads:
            told = list(
                threads.map(
                    lambda place: calls[place % 2]("POST", body=batches[place // 4]), range(4 * len(batches))
                )
            )
        assert {status for status, _ in told} == {200}
        sent = sorted(one["id"] for batch in batches for one in batch)
        assert sorted(one["id"] for one in calls[0]("GET")[1]["statements"]) == sent


def test_a_lenient_credential_mends_known_faults_and_records_each(app: Application) -> None:
    sent = did(object={"id": "6e3a3c4e-4ee2-4b7c-8d67-3e9f5c1bb0f0"})
    strict, lenient = as_source(app, "a"), as_source(app, "b", lenient=True)
    assert strict("POST", body=sent)[0] == 400
    assert lenient("POST", body=sent)[0] == 200
    assert (
        lenient("GET", {"statementId": sent["id"]})[1]["object"]["id"] == f"urn:uuid:{sent['object']['id']}"
    )
    with app.store.registry.connect() as connection:
        [row] = connection.execute(select(repair)).all()
    assert (str(row.statement), row.path) == (sent["id"], "object.id")
    assert json.loads(row.was) == sent["object"]["id"]


def test_a_page_is_never_longer_than_the_store_allows(app: Application) -> None:
    call = as_source(app, "a")
    for _ in range(3):
        call("POST", body=did())
    page = call("GET", {"limit": 500})[1]
    assert len(page["statements"]) == 2
    assert page["more"]
    assert call("GET", {"limit": 0})[1]["more"]


def test_statements_that_a_database_fault_stopped_are_asked_for_again(
    app: Application, monkeypatch: Any
) -> None:
    def broken(*_arguments: Any) -> None:
        raise RuntimeError("disk full")

    call = as_source(app, "a")
    with monkeypatch.context() as patch:
        patch.setattr(table, "add", broken)
        assert call("POST", body=did())[0] == 503
    assert call("POST", body=did())[0] == 200
    assert len(call("GET")[1]["statements"]) == 1


def test_an_extension_that_nests_too_deep_is_a_bad_request(app: Application) -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    status, told = as_source(app, "a")("POST", body=did(result={"extensions": {"https://e.org/x": deep}}))
    assert status == 400
    assert "nest" in told["error"]


def test_a_statement_that_is_found_by_a_whole_chain_fills_one_place_of_a_page(app: Application) -> None:
    call = as_source(app, "a")
    first = did()
    chain = [first]
    for _ in range(3):
        chain.append(did(object={"objectType": "StatementRef", "id": chain[-1]["id"]}))
    for one in chain:
        assert call("POST", body=one)[0] == 200
    found: list[str] = []
    parameters: dict[str, Any] = {"activity": first["object"]["id"], "limit": 1}
    for _ in chain:
        page = call("GET", parameters)[1]
        found += [one["id"] for one in page["statements"]]
        parameters["from"] = page["more"].rpartition("from=")[2].replace("%3D", "=")
    assert found == [one["id"] for one in reversed(chain)]
    assert page["more"] == ""


def test_statements_whose_sender_waited_too_long_are_not_stored_later(
    app: Application, monkeypatch: Any
) -> None:
    call = as_source(app, "a")
    entered, go_on = Event(), Event()
    held = table.held

    def slow(*arguments: Any) -> Any:
        entered.set()
        go_on.wait(20)
        return held(*arguments)

    with ThreadPoolExecutor(3) as threads, monkeypatch.context() as patch:
        patch.setattr(table, "held", slow)
        first = threads.submit(call, "POST", body=did())
        assert entered.wait(20)
        patch.setattr("portrait.xapi.writer.PATIENCE", 0.01)
        late = threads.submit(call, "POST", body=did())
        assert late.result()[0] == 503
        go_on.set()
        assert first.result()[0] == 200
    kept = did()
    assert call("POST", body=kept)[0] == 200
    assert len(_all(call)) == 2


def test_a_sender_who_goes_while_the_statements_are_written_leaves_nothing(
    app: Application, monkeypatch: Any
) -> None:
    call = as_source(app, "a")
    add = table.add
    monkeypatch.setattr("portrait.xapi.writer.PATIENCE", 0.01)
    gone = Event()

    def slow(*arguments: Any) -> None:
        add(*arguments)
        gone.wait(20)

    with ThreadPoolExecutor(1) as threads, monkeypatch.context() as patch:
        patch.setattr(table, "add", slow)
        assert threads.submit(call, "POST", body=did()).result()[0] == 503
        gone.set()
    monkeypatch.setattr("portrait.xapi.writer.PATIENCE", 20.0)
    assert call("POST", body=did())[0] == 200
    assert len(_all(call)) == 1


@pytest.mark.parametrize("cursor", ["!!!!", "____________", "AAAA", "", "gAAAAAAAAAA="])
def test_a_link_that_is_none_of_the_store_s_is_a_bad_request(app: Application, cursor: str) -> None:
    assert as_source(app, "a")("GET", {"from": cursor})[0] == 400


def test_a_chain_of_references_is_followed_so_far_and_no_further(app: Application) -> None:
    call = as_source(app, "a")
    chain = [did(object={"id": "https://example.org/deep"})]
    for _ in range(table.DEEPEST + 5):
        chain.append(did(object={"objectType": "StatementRef", "id": chain[-1]["id"]}))
    for one in chain:
        assert call("POST", body=one)[0] == 200
    with app.store.registry.connect() as connection:
        wanted = table.Filter(activity=number("activity", "https://example.org/deep"))
        assert len(table.find(connection, wanted, 100)) == table.DEEPEST + 1


def test_more_parameters_than_anybody_needs_are_a_bad_request(app: Application) -> None:
    assert as_source(app, "a")("GET", {f"x{number}": "1" for number in range(70)})[0] == 400


def test_no_browser_takes_an_answer_for_a_page_of_the_site(app: Application) -> None:
    said: list[Any] = []
    app({"REQUEST_METHOD": "GET", "PATH_INFO": "/xapi/about"}, lambda status, headers: said.extend(headers))
    headers = dict(said)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
