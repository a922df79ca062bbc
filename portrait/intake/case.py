"""CASE 1.0 packages (1EdTech Competencies and Academic Standards Exchange): CFDocument, items, associations, definitions, rubrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from portrait.competency import ASSOCIATION_ZH, CHILD, Association, Frame, Item
from portrait.errors import InputError
from portrait.sentence import Sentence, sentence

LONGEST = 200  # characters of an identifier
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_PARTS = ("CFDocument", "CFItems", "CFAssociations", "CFDefinitions", "CFRubrics")
_LISTS = ("CFConcepts", "CFSubjects", "CFLicenses", "CFItemTypes", "CFAssociationGroupings")
_NULLABLE = frozenset(
    {"statusStartDate", "statusEndDate", "licenseURI", "conceptKeywords", "conceptKeywordsURI"}
)


def case_frame(document: Mapping[str, Any], name: str) -> tuple[Frame, list[str]]:
    """The framework of a parsed package, and what had to be repaired to fit the standard. Raises InputError naming file, item
    and path: for what the standard forbids, an identifier used twice, an end that leads nowhere, a circle of parents."""
    notes: list[str] = []
    unknown = [key for key in document if key not in _PARTS]
    if unknown:
        raise InputError(
            "{file}：$ 里有 CASE 包没有的 {unknown}，应只有：{parts}",
            file=name,
            unknown=unknown,
            parts=list(_PARTS),
        )
    whole = {key: _mended(value, f"$.{key}", notes) for key, value in document.items() if value is not None}
    head: Any = whole.get("CFDocument")
    _required(head, "$.CFDocument", ("identifier", "uri", "creator", "title", "lastChangeDateTime"), name)
    seen = {head["identifier"]: "$.CFDocument"}
    items = []
    for at, body in _objects(whole, "CFItems", name):
        _required(body, at, ("identifier", "uri", "fullStatement", "lastChangeDateTime"), name)
        _once(seen, body["identifier"], at, name)
        items.append(_item(body))
    links = _associations(whole, name, seen)
    _definitions(whole, name)
    known = {item.identifier: item.code or item.statement[:40] for item in items}
    above: dict[str, list[str]] = {}
    for one in links:
        if one.kind == CHILD and one.destination != head["identifier"]:
            above.setdefault(one.origin, []).append(one.destination)
    acyclic(above, name, "$.CFAssociations", known)
    rest = {key: value for key, value in whole.items() if key not in ("CFItems", "CFAssociations")}
    label = str(head.get("version") or "")
    return Frame(head["identifier"], head["title"], label, "case", rest, tuple(items), tuple(links)), notes


def _item(body: Mapping[str, Any]) -> Item:
    return Item(
        body["identifier"],
        str(body.get("humanCodingScheme") or body.get("listEnumeration") or ""),
        body["fullStatement"],
        str(body.get("CFItemType") or ""),
        body,
        str(body.get("abbreviatedStatement") or ""),
    )


def _associations(whole: Mapping[str, Any], name: str, seen: Mapping[str, str]) -> list[Association]:
    found: list[Association] = []
    first: dict[str, tuple[str, Any]] = {}
    for at, body in _objects(whole, "CFAssociations", name):
        _required(body, at, ("identifier", "uri", "associationType", "lastChangeDateTime"), name)
        kind = body["associationType"]
        if kind not in ASSOCIATION_ZH:
            raise InputError(
                "{file}：{at}.associationType“{kind}”不认识，应为：{choices}",
                file=name,
                at=at,
                kind=kind,
                choices=list(ASSOCIATION_ZH),
            )
        ends = []
        for end in ("originNodeURI", "destinationNodeURI"):
            node = body.get(end)
            if not isinstance(node, dict) or not all(
                isinstance(node.get(k), str) and node[k] for k in ("title", "identifier", "uri")
            ):
                raise InputError(
                    "{file}：{at}.{end} 应为有 title、identifier、uri 的对象", file=name, at=at, end=end
                )
            if len(node["identifier"]) > LONGEST:
                raise InputError(
                    "{file}：{at}.{end}.identifier 至多 {most} 个字", file=name, at=at, end=end, most=LONGEST
                )
            ends.append(node["identifier"])
        before = first.setdefault(body["identifier"], (at, body))
        if before[1] != body:
            raise InputError(
                "{file}：{at}.identifier“{id}”和 {first} 重复，内容却不同",
                file=name,
                at=at,
                id=body["identifier"],
                first=before[0],
            )
        # A crosswalk may lead out of the package; a tree may not, and a link between two strangers is nobody's.
        outside = [end for end in ends if end not in seen]
        if len(outside) == 2 or (outside and kind == CHILD):
            raise InputError(
                "{file}：{at}（{kind}，{id}）指着包里没有的条目 {outside}",
                file=name,
                at=at,
                kind=kind,
                id=body["identifier"],
                outside=outside,
            )
        sequence = body.get("sequenceNumber")
        if sequence is not None and (not isinstance(sequence, int) or isinstance(sequence, bool)):
            raise InputError("{file}：{at}.sequenceNumber 应为整数", file=name, at=at)
        found.append(Association(body["identifier"], kind, ends[0], ends[1], sequence, body))
    return found


def _definitions(whole: Mapping[str, Any], name: str) -> None:
    """Definitions and rubrics are kept as they are; only that they are what they must be is looked at."""
    said = whole.get("CFDefinitions", {})
    if not (isinstance(said, dict) or said == []):
        raise InputError("{file}：$.CFDefinitions 应为对象", file=name)
    for key, listed in said.items() if isinstance(said, dict) else ():
        if key not in _LISTS or not isinstance(listed, list):
            raise InputError(
                "{file}：$.CFDefinitions.{key} 应为列表，认识的有：{choices}",
                file=name,
                key=key,
                choices=list(_LISTS),
            )
        for place, body in enumerate(listed):
            _required(
                body,
                f"$.CFDefinitions.{key}[{place}]",
                ("identifier", "uri", "title", "lastChangeDateTime"),
                name,
            )
    for at, body in _objects(whole, "CFRubrics", name):
        _required(body, at, ("identifier", "uri", "lastChangeDateTime"), name)


def _objects(whole: Mapping[str, Any], key: str, name: str) -> Iterator[tuple[str, Any]]:
    listed = whole.get(key, [])
    if not isinstance(listed, list):
        raise InputError("{file}：$.{key} 应为列表", file=name, key=key)
    for place, body in enumerate(listed):
        yield f"$.{key}[{place}]", body


def _required(body: Any, at: str, keys: Sequence[str], name: str) -> None:
    if not isinstance(body, dict):
        raise InputError("{file}：{at} 应为对象", file=name, at=at)
    for key in keys:
        value = body.get(key)
        fault: Sentence | str = ""
        if not isinstance(value, str) or not value.strip():
            fault = sentence("应为非空的文字")
        elif key == "identifier" and not _UUID.fullmatch(value):
            fault = sentence("应为 UUID，这里是“{value}”", value=value[:60])
        elif key == "lastChangeDateTime" and not _moment(value):
            fault = sentence("应为 ISO 8601 的时刻，这里是“{value}”", value=value[:60])
        if fault:
            code = body.get("humanCodingScheme") or body.get("fullStatement") or body.get("title") or ""
            who = sentence("（{code}）", code=str(code)[:40]) if code and isinstance(code, str) else ""
            raise InputError(
                "{file}：{at}.{key} {fault}{who}", file=name, at=at, key=key, fault=fault, who=who
            )


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _once(seen: dict[str, str], identifier: str, at: str, name: str) -> None:
    if identifier in seen:
        raise InputError(
            "{file}：{at}.identifier“{id}”和 {first} 重复",
            file=name,
            at=at,
            id=identifier,
            first=seen[identifier],
        )
    seen[identifier] = at


def acyclic(above: Mapping[str, Sequence[str]], name: str, at: str, called: Mapping[str, str]) -> None:
    """Raise InputError naming the circle when an item is, over others, its own parent."""
    done: set[str] = set()
    for start in above:
        path: list[str] = []
        waiting = [(start, iter(above.get(start, ())))]
        path.append(start)
        while waiting:
            _, parents = waiting[-1]
            parent = next(parents, None)
            if parent is None:
                done.add(path.pop())
                waiting.pop()
            elif parent in path:
                circle = [*path[path.index(parent) :], parent]
                raise InputError(
                    "{file}：{at} 的上下级（isChildOf）绕成了圈：{circle}",
                    file=name,
                    at=at,
                    circle=" → ".join(called.get(one, one) for one in circle[:12]),
                )
            elif parent not in done:
                path.append(parent)
                waiting.append((parent, iter(above.get(parent, ()))))


def _mended(value: Any, at: str, notes: list[str]) -> Any:
    """What some tools write otherwise than the standard: members that are null, numbers in quotation marks."""
    if isinstance(value, list):
        return [_mended(one, f"{at}[{place}]", notes) for place, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, one in value.items():
        if one is None and key not in _NULLABLE:
            notes.append(sentence("{at}.{key} 是 null，按没有写", at=at, key=key))
        elif (
            key in ("sequenceNumber", "position") and isinstance(one, str) and re.fullmatch(r"-?\d{1,9}", one)
        ):
            notes.append(sentence("{at}.{key} 是文字“{value}”，按整数", at=at, key=key, value=one))
            made[key] = int(one)
        else:
            made[key] = _mended(one, f"{at}.{key}", notes)
    return made


def case_document(frame: Frame, changed: datetime) -> dict[str, Any]:
    """The framework as a CASE package: one that came as such as it came; our own with identifiers made from theirs.

    `changed` is the moment that an own framework's version stands for, which its file does not say.
    """
    if frame.form == "case":
        whole = dict(frame.document)
        made = {"CFDocument": whole.pop("CFDocument")}
        made["CFItems"] = [dict(item.body) for item in frame.items]
        made["CFAssociations"] = [dict(one.body) for one in frame.associations]
        return made | whole
    return _own_package(frame, changed.isoformat(timespec="seconds"))


def _own_package(frame: Frame, moment: str) -> dict[str, Any]:
    meta = frame.document.get("meta", {})
    head = frame.identifier if _UUID.fullmatch(frame.identifier) else _made("framework", frame.identifier)
    ids = {item.identifier: _made(head, item.identifier) for item in frame.items}
    titles = {item.identifier: item.statement for item in frame.items}

    def node(key: str) -> dict[str, str]:
        identifier = ids.get(key, key)
        urn = f"urn:uuid:{identifier}" if key in ids else f"urn:framework-item:{key}"
        return {"title": titles.get(key, key), "identifier": identifier, "uri": urn.replace("*", "%2A")}

    document = {
        "identifier": head,
        "uri": f"urn:uuid:{head}",
        "creator": str(meta.get("issuer") or meta.get("publisher") or frame.title),
        "title": frame.title,
        "lastChangeDateTime": moment,
        "language": "zh-CN",
    }
    if frame.label:
        document["version"] = frame.label
    top = {"title": frame.title, "identifier": head, "uri": document["uri"]}
    items, links = [], []
    for item in frame.items:
        body: dict[str, Any] = {
            "identifier": ids[item.identifier],
            "uri": f"urn:uuid:{ids[item.identifier]}",
            "fullStatement": item.statement,
            "humanCodingScheme": item.code,
            "language": "zh-CN",
            "lastChangeDateTime": moment,
            "CFDocumentURI": top,
        }
        if item.english:
            body["alternativeLabel"] = item.english
        items.append(body)

    def link(kind: str, origin: str, destination: dict[str, str], sequence: int | None) -> None:
        identifier = _made(head, f"{kind}|{origin}|{destination['identifier']}")
        made: dict[str, Any] = {
            "identifier": identifier,
            "uri": f"urn:uuid:{identifier}",
            "associationType": kind,
            "originNodeURI": node(origin),
            "destinationNodeURI": destination,
            "lastChangeDateTime": moment,
            "CFDocumentURI": top,
        }
        links.append(made if sequence is None else made | {"sequenceNumber": sequence})

    for parent, children in frame.below.items():
        for sequence, item in enumerate(children, 1):
            link(CHILD, item.identifier, top if parent == frame.identifier else node(parent), sequence)
    for one in frame.associations:
        if one.kind != CHILD:
            link(one.kind, one.origin, node(one.destination), None)
    return {
        "CFDocument": document,
        "CFItems": items,
        "CFAssociations": links,
        "CFDefinitions": {key: [] for key in _LISTS},
    }


def _made(above: str, key: str) -> str:
    """The identifier of something of our own: always the same for the same name below the same thing."""
    root = UUID(above) if _UUID.fullmatch(above) else UUID(int=0)
    return str(uuid5(root, key))
