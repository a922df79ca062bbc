"""Statements that platforms send become learning records by the same door as files: once, in order, archived."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from portrait.cli.forwarder import Forwarder
from portrait.errors import MappingError, PortraitError
from portrait.intake.door import intake
from portrait.intake.forward import ensure_mapping, forward
from portrait.intake.mapping import load_mapping
from portrait.refresh import awaited, refresh
from portrait.settings import load_settings
from portrait.site import Site, open_site
from portrait.store import statement as table
from portrait.store.credential import add_credential, check_credential
from portrait.xapi.wsgi import application
from tests.conftest import Outcome
from tests.test_xapi_find import Call, calling


@pytest.fixture
def send(site: Site) -> Iterator[Call]:
    """Requests of a platform named moodle, whose statements the general mapping reads."""
    ensure_mapping(site.settings.home, "moodle_cloud")
    with closing(application(site.registry)) as app:
        yield calling(app, add_credential(site.registry, source="moodle_cloud"))


def viewed(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "actor": {"account": {"homePage": "https://moodle.example.org", "name": name}},
        "verb": {"id": "http://id.tincanapi.com/verb/viewed"},
        "object": {"id": "https://moodle.example.org/mod/page/view.php?id=7"},
        "timestamp": "2022-08-19T08:00:00+08:00",
        **more,
    }


def records(site: Site) -> list[tuple[Any, ...]]:
    with closing(site.engine()) as engine:
        return engine.execute("SELECT item, time::varchar, batch FROM record ORDER BY item").fetchall()


def test_a_statement_becomes_a_record_with_its_original_row_in_the_archive(site: Site, send: Call) -> None:
    sent = viewed("w1")
    assert send("POST", body=sent)[0] == 200
    [report] = forward(site, by="test")
    assert (report.source, report.rows_read, report.rows_stored) == ("moodle_cloud", 1, 1)
    assert len(records(site)) == 1
    kept = [json.loads(line) for file in site.archive.rglob("*") if file.is_file() for line in _lines(file)]
    assert sent["id"] in [one.get("id") for one in kept]


def _lines(file: Path) -> list[str]:
    lines = file.read_bytes().splitlines()
    return [line.decode() for line in lines if line.startswith(b"{")]


def test_what_was_forwarded_is_not_forwarded_again(site: Site, send: Call) -> None:
    send("POST", body=[viewed("w1"), viewed("w2")])
    assert sum(report.rows_stored for report in forward(site, by="test")) == 2
    assert forward(site, by="test") == []
    send("POST", body=viewed("w3"))
    assert sum(report.rows_read for report in forward(site, by="test")) == 1
    assert len(records(site)) == 3


def test_stopped_after_the_intake_and_before_it_is_remembered_no_statement_counts_twice(
    site: Site, send: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_arguments: object) -> None:
        raise KeyboardInterrupt

    send("POST", body=[viewed("w1"), viewed("w2")])
    with monkeypatch.context() as patch:
        patch.setattr(table, "forward", stop)
        with pytest.raises(KeyboardInterrupt):
            forward(site, by="test")
    send("POST", body=viewed("w3"))
    reports = forward(site, by="test")
    assert sum(report.rows_stored for report in reports) == 1
    assert len(records(site)) == 3


def voiding(sent: dict[str, Any]) -> dict[str, Any]:
    return viewed(
        "w1",
        verb={"id": "http://adlnet.gov/expapi/verbs/voided"},
        object={"objectType": "StatementRef", "id": sent["id"]},
    )


@pytest.mark.parametrize("first", ["statement", "void"])
def test_what_the_platform_voids_counts_no_more_whichever_came_first(
    site: Site, send: Call, first: str
) -> None:
    sent, other = viewed("w1"), viewed("w2")
    parts = [[sent, other], [voiding(sent)]]
    for part in parts if first == "statement" else parts[::-1]:
        assert send("POST", body=part)[0] == 200
        forward(site, by="test")
    refresh(site)
    with closing(site.engine()) as engine:
        [(counting,)] = engine.execute("SELECT count(*) FROM record").fetchall()
    assert counting == 1


def test_more_statements_than_one_file_holds_go_in_several(
    site: Site, send: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portrait.intake.forward.CHUNK", 2)
    send("POST", body=[viewed(f"w{number}") for number in range(5)])
    assert [report.rows_read for report in forward(site, by="test")] == [2, 2, 1]


def test_the_copy_of_the_general_mapping_reads_for_its_own_source(site: Site) -> None:
    path = ensure_mapping(site.settings.home, "city_cloud")
    mapping = load_mapping("city_cloud", site.settings.home)
    assert (mapping.source, mapping.name) == ("city_cloud", "city_cloud")
    path.write_text(
        path.read_text(encoding="utf-8").replace('version: "1"', 'version: "2"'), encoding="utf-8"
    )
    assert ensure_mapping(site.settings.home, "city_cloud") == path
    assert load_mapping("city_cloud", site.settings.home).version == "2"


def test_a_credential_is_made_listed_and_revoked_from_the_shell(
    command: Callable[..., Outcome], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    made = command("credential", "add", "moodle_cloud", "--rights", "own", "--home", home, "--json").json
    assert made["secret"]
    assert Path(made["mapping"]).is_file()
    [listed] = command("credential", "list", "--home", home, "--json").json
    assert (listed["key"], listed["rights"], listed["revoked"]) == (made["key"], "own", None)
    assert made["secret"] not in command("credential", "list", "--home", home).out
    assert command("credential", "revoke", made["key"], "--home", home).code == 0
    again = command("credential", "revoke", made["key"], "--home", home)
    assert again.code == 3
    assert "已经停用" in again.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "Moodle 云"), "来源代码"),
        (("add", "moodle_cloud", "--rights", "everything"), "everything"),
        (("add", "moodle_cloud", "--rate", "-1"), "每秒请求数"),
        (("revoke", "nobody"), "没有凭据“nobody”"),
    ],
)
def test_a_wrong_word_about_credentials_is_told(
    command: Callable[..., Outcome], tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    outcome = command("credential", *words, "--home", tmp_path)
    assert outcome.code != 0
    assert told in outcome.err


@pytest.mark.parametrize("first", ["statement", "void"])
def test_a_voiding_statement_in_a_file_takes_the_record_back_whichever_came_first(
    sqlite_site: Site, tmp_path: Path, first: str
) -> None:
    sent, other = viewed("w1"), viewed("w2")
    parts = [[sent, other], [voiding(sent)]]
    for number, part in enumerate(parts if first == "statement" else parts[::-1]):
        file = tmp_path / f"{number}.jsonl"
        file.write_text("".join(json.dumps(one) + "\n" for one in part), encoding="utf-8")
        intake(sqlite_site, file, "xapi", by="test")
    refresh(sqlite_site)
    assert len(records(sqlite_site)) == 1


@pytest.mark.parametrize("taken", ["moodle", "edx", "oulad", "oneroster"])
def test_a_source_whose_name_another_kind_of_mapping_has_gets_no_credential(
    command: Callable[..., Outcome], tmp_path: Path, taken: str
) -> None:
    refused = command("credential", "add", taken, "--home", tmp_path / "home")
    assert refused.code == 3
    assert f"{taken}_xapi" in refused.err


def test_a_source_that_cannot_be_read_stops_neither_the_others_nor_the_portraits(
    site: Site, send: Call, command: Callable[..., Outcome]
) -> None:
    assert send("POST", body=viewed("w1"))[0] == 200
    with closing(application(site.registry)) as app:
        for source in ("a_broken", "z_whole"):
            ensure_mapping(site.settings.home, source)
            call = calling(app, add_credential(site.registry, source=source))
            assert call("POST", body=viewed(source))[0] == 200
    (site.settings.home / "mapping" / "a_broken.yaml").write_text("name: a_broken\n", encoding="utf-8")
    failures: list[PortraitError] = []
    reports = forward(site, by="test", failures=failures)
    assert {report.source for report in reports} == {"moodle_cloud", "z_whole"}
    [failure] = failures
    assert "a_broken" in str(failure)
    with pytest.raises(MappingError, match="a_broken"):
        forward(site, by="test")


def test_a_site_stopped_between_taking_statements_in_and_the_refresh_makes_up_for_it_when_it_serves_again(
    site: Site, send: Call
) -> None:
    assert send("POST", body=viewed("w1"))[0] == 200
    refresh(site)
    assert len(forward(site, by="xapi")) == 1
    assert awaited(site)
    with closing(Forwarder(site)) as forwarder:
        forwarder.once()
    assert not awaited(site)


def test_refresh_says_at_the_end_which_source_could_not_be_read(
    command: Callable[..., Outcome], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    made = command("credential", "add", "city_lms", "--home", home, "--json").json
    opened = open_site(load_settings(home))
    credential = check_credential(opened.registry, made["key"], made["secret"])
    assert credential is not None
    with closing(application(opened.registry)) as app:
        assert calling(app, replace(credential, secret=made["secret"]))("POST", body=viewed("w1"))[0] == 200
    opened.registry.dispose()
    Path(made["mapping"]).write_text("name: city_lms\n", encoding="utf-8")
    refreshed = command("refresh", "--home", home)
    assert refreshed.code == 2
    assert "截止" in refreshed.out
    assert "city_lms" in refreshed.err
    assert "w1" not in refreshed.err
