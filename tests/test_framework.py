"""Frameworks in and out: CASE packages and our own files, their versions, what changed, and what corresponds with what."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from portrait.clock import day_of
from portrait.competency import crosswalk, difference
from portrait.errors import InputError, NotFound
from portrait.framework import indicators
from portrait.intake.case import case_document
from portrait.intake.frame import PORTRAIT, frame_of, read_frame, shipped
from portrait.intake.library import (
    editions,
    export_frame,
    find_edition,
    frame_of_edition,
    import_frame,
    newest_frames,
)
from portrait.intake.own_frame import own_document
from portrait.resource import DATA
from portrait.site import Site
from portrait.store.schema import framework, framework_association, framework_item, framework_version

SHARED = (
    Path(os.environ.get("TEACHER_DATA", Path(__file__).parents[2] / "shared" / "data")) / "platforms" / "case"
)
THERE = pytest.mark.skipif(not SHARED.is_dir(), reason="没有公开样例 ../shared/data/platforms/case")
MOMENT = "2022-09-01T08:00:00+00:00"
NOW = datetime(2022, 9, 1, tzinfo=UTC)


def uid(number: int) -> str:
    return str(UUID(int=number))


def node(number: int) -> dict[str, str]:
    return {"title": f"N{number}", "identifier": uid(number), "uri": f"urn:uuid:{uid(number)}"}


def item(number: int, code: str = "", **more: Any) -> dict[str, Any]:
    said = {"identifier": uid(number), "uri": f"urn:uuid:{uid(number)}", "fullStatement": f"条目 {number}"}
    return said | {"humanCodingScheme": code or f"I{number}", "lastChangeDateTime": MOMENT} | more


def link(number: int, kind: str, origin: int, destination: int, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "identifier": uid(number),
        "uri": f"urn:uuid:{uid(number)}",
        "associationType": kind,
    }
    ends = {"originNodeURI": node(origin), "destinationNodeURI": node(destination)}
    return said | ends | {"lastChangeDateTime": MOMENT} | more


def package(
    number: int = 1, items: list[Any] | None = None, links: list[Any] | None = None
) -> dict[str, Any]:
    """Framework `number` with items 11, 12 below it and 111 below 11, unless said otherwise."""
    head = {"identifier": uid(number), "uri": f"urn:uuid:{uid(number)}", "creator": "省", "title": f"框架 {number}", "lastChangeDateTime": MOMENT}  # fmt: skip
    a, b, c = number * 10 + 1, number * 10 + 2, number * 100 + 11
    tree = [link(1000 + a, "isChildOf", a, number, sequenceNumber=2), link(1000 + b, "isChildOf", b, number, sequenceNumber=1), link(1000 + c, "isChildOf", c, a)]  # fmt: skip
    return {
        "CFDocument": head,
        "CFItems": items if items is not None else [item(a), item(b), item(c)],
        "CFAssociations": links if links is not None else tree,
        "CFDefinitions": {},
        "CFRubrics": [{"identifier": uid(77), "uri": "urn:x:77", "lastChangeDateTime": MOMENT}],
    }


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def rows(site: Site) -> list[int]:
    tables = (framework, framework_version, framework_item, framework_association)
    with site.registry.connect() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


# --- in and out ----------------------------------------------------------------------------------------------


def test_a_package_comes_in_as_a_version_and_goes_out_as_it_came(site: Site, tmp_path: Path) -> None:
    document = package()
    done = import_frame(site, write(tmp_path / "a.json", document), by="me")
    assert (done.new, done.edition.number, done.edition.items, done.notes) == (True, 1, 3, ())
    assert export_frame(site, done.edition) == document
    tree = [(depth, one.code) for depth, one in frame_of_edition(site, done.edition).tree()]
    assert tree == [(0, "I12"), (0, "I11"), (1, "I111")]
    again = import_frame(
        site, write(tmp_path / "b.json", document | {"CFItems": document["CFItems"]}), by="me"
    )
    assert (again.new, again.edition.number, rows(site)) == (False, 1, [1, 1, 3, 3])


def test_a_changed_package_is_the_next_version_and_the_one_before_stays(
    sqlite_site: Site, tmp_path: Path
) -> None:
    site, first = sqlite_site, package()
    before = import_frame(site, write(tmp_path / "a.json", first), by="me").edition
    second = copy.deepcopy(first)
    second["CFItems"][1] |= {"fullStatement": "改过"}
    second["CFItems"][2:] = [item(112)]
    second["CFAssociations"][2:] = [link(3, "isChildOf", 112, 12), link(4, "isRelatedTo", 112, 999)]
    after = import_frame(site, write(tmp_path / "b.json", second), by="me").edition
    assert (after.number, find_edition(site, uid(1)).number) == (2, 2)
    assert export_frame(site, find_edition(site, uid(1), 1)) == first
    found = difference(frame_of_edition(site, before), frame_of_edition(site, after))
    assert [one.code for one in found.added] == ["I112"]
    assert [one.code for one in found.removed] == ["I111"]
    assert [(one.item.code, one.parts) for one in found.changed] == [("I12", (("内容", "条目 12", "改过"),))]
    assert (found.links_added, found.links_removed) == (1, 0)
    assert find_edition(site, uid(1), day=day_of(before.at)).number == 2
    assert difference(frame_of_edition(site, after), frame_of_edition(site, after)).nothing


@pytest.mark.parametrize("name", sorted(shipped()))
def test_our_own_files_go_out_as_they_are_and_as_valid_packages(name: str) -> None:
    frame = shipped()[name]
    if name != PORTRAIT:
        assert own_document(frame) == json.loads(
            (DATA / "framework" / f"{name}.json").read_text(encoding="utf-8")
        )
    exported = case_document(frame, NOW)
    back, notes = frame_of(exported, "x")
    assert (notes, case_document(back, NOW)) == ([], exported)
    assert [depth for depth, _ in back.tree()] == [depth for depth, _ in frame.tree()]
    assert {one.code for one in back.items} == {one.code for one in frame.items}
    if SHARED.is_dir():
        jsonschema.Draft7Validator(schema()).validate(exported)


def schema() -> Any:
    return json.loads((SHARED / "case-v1p0-cfpackage-schema.json").read_text(encoding="utf-8"))


words = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8).filter(str.strip)


@st.composite
def packages(draw: st.DrawFn) -> dict[str, Any]:
    """A valid package: any tree, any links inside and outside."""
    count = draw(st.integers(0, 7))
    items = [item(10 + n, draw(words), fullStatement=draw(words), notes=draw(words)) for n in range(count)]
    links = []
    for n in range(count):
        parent = draw(st.integers(-1, n - 1))  # only an earlier one: no circle
        links.append(
            link(
                100 + n,
                "isChildOf",
                10 + n,
                1 if parent < 0 else 10 + parent,
                sequenceNumber=draw(st.integers(0, 9)),
            )
        )
        for other in draw(st.lists(st.integers(0, 30), max_size=2, unique=True)):
            kind = draw(
                st.sampled_from(["exactMatchOf", "isRelatedTo", "isPeerOf", "replacedBy", "precedes"])
            )
            links.append(link(1000 + 100 * n + other, kind, 10 + n, other))
    return package(1, items, links)


@st.composite
def own_files(draw: st.DrawFn) -> dict[str, Any]:
    ids = draw(st.lists(words.map(str.strip), unique=True, max_size=6))
    items: list[dict[str, Any]] = []
    for n, one in enumerate(ids):
        parent = draw(st.sampled_from([None, *ids[:n]]))
        more = draw(st.dictionaries(st.sampled_from(["note", "status", "en"]), words, max_size=2))
        items.append(
            {"id": one, "parent": parent, "zh": draw(words), "maps_to": draw(st.lists(words, max_size=2))}
            | more
        )
    return {"meta": {"framework": draw(words), "year": draw(st.integers(1990, 2030))}, "items": items}


@settings(max_examples=60, deadline=None)
@given(packages())
def test_import_and_export_of_any_package_is_identity(document: dict[str, Any]) -> None:
    frame, notes = frame_of(json.loads(json.dumps(document)), "x")
    assert notes == []
    assert case_document(frame, NOW) == document
    assert sorted(one.identifier for _, one in frame.tree()) == sorted(
        one["identifier"] for one in document["CFItems"]
    )


@settings(max_examples=60, deadline=None)
@given(own_files())
def test_import_and_export_of_any_of_our_own_files_is_identity(document: dict[str, Any]) -> None:
    frame, _ = frame_of(json.loads(json.dumps(document)), "x")
    assert own_document(frame) == document
    packed = case_document(frame, NOW)
    assert case_document(frame_of(packed, "x")[0], NOW) == packed


# --- what is wrong -------------------------------------------------------------------------------------------


def broken(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    document = package()
    change(document)
    return document


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "$ 应为对象"),
        ({"a": 1}, "$ 既没有 CFDocument"),
        (broken(lambda d: d["CFDocument"].pop("title")), "$.CFDocument.title 应为非空的文字"),
        (broken(lambda d: d["CFDocument"].update(identifier="1")), "$.CFDocument.identifier 应为 UUID，这里是“1”"),
        (broken(lambda d: d["CFItems"][1].pop("fullStatement")), "$.CFItems[1].fullStatement 应为非空的文字（I12）"),
        (broken(lambda d: d["CFItems"].append(7)), "$.CFItems[3] 应为对象"),
        (broken(lambda d: d.update(CFItems={})), "$.CFItems 应为列表"),
        (broken(lambda d: d["CFItems"].append(item(11))), f"$.CFItems[3].identifier“{uid(11)}”和 $.CFItems[0] 重复"),
        (broken(lambda d: d["CFItems"].append(item(1))), "和 $.CFDocument 重复"),
        (broken(lambda d: d["CFAssociations"].append(link(9, "isChildOf", 11, 404))), f"指着包里没有的条目 {uid(404)}"),
        (broken(lambda d: d["CFAssociations"].append(link(9, "isRelatedTo", 403, 404))), f"{uid(403)}、{uid(404)}"),
        (broken(lambda d: d["CFAssociations"].append(link(9, "isAbove", 11, 12))), "$.CFAssociations[3].associationType“isAbove”不认识"),
        (broken(lambda d: d["CFAssociations"].append(link(9, "isChildOf", 11, 111))), "绕成了圈：I111 → I11 → I111"),
        (broken(lambda d: d["CFAssociations"].append(link(9, "isChildOf", 12, 12))), "绕成了圈：I12 → I12"),
        (broken(lambda d: d["CFAssociations"][0].update(sequenceNumber="x")), "$.CFAssociations[0].sequenceNumber 应为整数"),
        (broken(lambda d: d["CFAssociations"].append(link(1011, "precedes", 11, 12))), "和 $.CFAssociations[0] 重复，内容却不同"),
        (broken(lambda d: d["CFAssociations"][0].pop("originNodeURI")), "$.CFAssociations[0].originNodeURI 应为有 title"),
        (broken(lambda d: d.update(Extra=[])), "$ 里有 CASE 包没有的 Extra"),
        (broken(lambda d: d.update(CFDefinitions={"CFConcepts": [{}]})), "$.CFDefinitions.CFConcepts[0].identifier"),
        ({"meta": {}, "items": []}, "$.meta.framework 应为框架的名称"),
        ({"meta": {"framework": "x"}, "items": [{"id": "a", "zh": "b", "parent": "z"}]}, "$.items[0].parent“z”不是这个框架的条目（a）"),
        ({"meta": {"framework": "x"}, "items": [{"id": "a", "zh": "b"}, {"id": "a", "zh": "b"}]}, "$.items[1].id“a”和 $.items[0] 重复"),
        ({"meta": {"framework": "x"}, "items": [{"id": "a", "zh": "b", "parent": "b"}, {"id": "b", "zh": "b", "parent": "a"}]}, "绕成了圈：a → b → a"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_with_its_path_and_nothing_of_it_is_kept(
    sqlite_site: Site, tmp_path: Path, document: Any, told: str
) -> None:
    with pytest.raises(InputError) as error:
        import_frame(sqlite_site, write(tmp_path / "坏.json", document), by="me")
    assert error.value.message.startswith("坏.json：")
    assert told in error.value.message
    assert rows(sqlite_site) == [0, 0, 0, 0]
    assert not sqlite_site.archive.exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"CFDocument": \n  oops}', "不是 JSON：第 2 行第 3 列"),
        ('{"a": 1, "a": 2}', "同一个对象里“a”写了两次"),
        ('{"a": NaN}', "NaN 不是 JSON 的数"),
        ("[" * 100_000, "JSON 嵌套太深"),
    ],
)
def test_a_text_that_is_no_document_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_frame(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="不是 UTF-8 文本"):
        read_frame(path)


# --- crosswalks ----------------------------------------------------------------------------------------------


def test_items_correspond_by_what_any_framework_says_the_closest_first(
    sqlite_site: Site, tmp_path: Path
) -> None:
    site = sqlite_site
    tree = package(2)
    tree["CFAssociations"] += [
        link(1, "isRelatedTo", 21, 11),
        link(2, "exactMatchOf", 11, 21),
        link(3, "precedes", 22, 12),
    ]
    third = package(3, [item(31)], [link(5, "isPeerOf", 31, 12), link(6, "isPartOf", 31, 22)])
    for number, document in enumerate((package(), tree, third)):
        import_frame(site, write(tmp_path / f"{number}.json", document), by="me")
    a, b, c = (frame_of_edition(site, find_edition(site, uid(number))) for number in (1, 2, 3))
    frames = newest_frames(site)
    direct = crosswalk(a, b, frames)
    assert [(one.source.code, one.target.code, one.kind) for one in direct] == [
        ("I11", "I21", "exactMatchOf")
    ]
    assert [(one.source.code, one.target.code) for one in crosswalk(b, a, frames)] == [("I21", "I11")]
    over = crosswalk(a, b, frames, pivot=c)
    assert [(one.source.code, one.target.code, one.kind, one.via and one.via.code) for one in over] == [
        ("I12", "I22", "isPartOf", "I31"),
        ("I11", "I21", "exactMatchOf", None),
    ]


def test_the_portrait_s_own_indicators_correspond_with_the_standards_that_they_name() -> None:
    frames = shipped()
    found = crosswalk(frames[PORTRAIT], frames["jyt0646_2022_digital_literacy"], frames.values())
    said = {code: set(one.maps_to) for code, one in indicators().items()}
    assert {(one.source.code, one.target.code) for one in found} >= {
        (code, target) for code, targets in said.items() for target in targets if target.startswith("DL")
    }
    rules = crosswalk(frames[PORTRAIT], frames["ten_rules_2018"], frames.values())
    assert len(rules) == 10  # TR*


def test_a_standard_that_came_back_as_a_package_is_its_next_version_and_still_corresponds(
    sqlite_site: Site, tmp_path: Path
) -> None:
    site, name = sqlite_site, "jyt0646_2022_digital_literacy"
    before = crosswalk(shipped()[PORTRAIT], shipped()[name], newest_frames(site))
    exported = export_frame(site, find_edition(site, name), "case")
    done = import_frame(site, write(tmp_path / "a.json", exported), by="me")
    assert (done.edition.number, done.edition.name) == (2, name)
    assert difference(shipped()[name], frame_of_edition(site, done.edition)).nothing
    after = crosswalk(shipped()[PORTRAIT], frame_of_edition(site, done.edition), newest_frames(site))
    assert [(a.source.code, a.target.code) for a in after] == [(b.source.code, b.target.code) for b in before]
    assert len(editions(site, done.edition.identifier)) == 2
    with pytest.raises(NotFound, match="jyt0646"):
        find_edition(site, "没有的")
    with pytest.raises(InputError, match="只能导出为 CASE 包"):
        export_frame(site, done.edition, "own")


# --- the command ---------------------------------------------------------------------------------------------


def test_the_command_lists_shows_imports_compares_and_exports(
    command: Callable[..., Any], sqlite_site: Site, tmp_path: Path
) -> None:
    home = ("--home", sqlite_site.settings.home)
    first = write(tmp_path / "a.json", package())
    assert command("framework", "import", first, *home, "--json").json["version"] == 1
    changed = package()
    changed["CFItems"][0] |= {"fullStatement": "改过"}
    assert command("framework", "import", write(tmp_path / "b.json", changed), *home, "--json").json["new"]
    listed = command("framework", "list", *home, "--json").json
    assert [one["version"] for one in listed if one["identifier"] == uid(1)] == [1, 2]
    assert "改了" in command("framework", "diff", uid(1), *home).out
    assert "条目 12" in command("framework", "show", uid(1), "--version", "1", *home).out
    out = tmp_path / "out.json"
    assert command("framework", "export", uid(1), "--version", "1", "-o", out, *home).code == 0
    assert json.loads(out.read_text(encoding="utf-8")) == package()
    walked = command("framework", "crosswalk", PORTRAIT, "ten_rules_2018", *home, "--json").json
    assert len(walked) == 10
    nobody = command("framework", "crosswalk", PORTRAIT, "ten_rules_2018", "--person", "X", *home)
    assert (nobody.code, "没有继教编号为 X 的教师" in nobody.err) == (4, True)
    assert command("framework", "import", tmp_path / "no.json", *home).code == 3


# --- the public samples --------------------------------------------------------------------------------------


@THERE
@pytest.mark.parametrize(
    ("name", "items", "repaired"),
    [
        ("AdoptedTestFramework", 1, 0),
        ("opensalt-framework-20c5134f-423d-4097-a971-3dd5152bf507", 16, 5),
        ("smarterbalanced_mockMATH", 585, 0),
    ],
)
def test_the_public_packages_come_in_whole_and_go_out_valid(
    sqlite_site: Site, name: str, items: int, repaired: int
) -> None:
    path = SHARED / f"{name}.json"
    done = import_frame(sqlite_site, path, by="me")
    assert (done.edition.items, len(done.notes)) == (items, repaired)
    exported = export_frame(sqlite_site, done.edition)
    jsonschema.Draft7Validator(schema()).validate(exported)
    if not repaired:
        assert exported == json.loads(path.read_text(encoding="utf-8"))
