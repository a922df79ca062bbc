"""A competency framework as it was published: items in a tree and what they have to do with one another, here and elsewhere.

The portrait's own dimensions and indicators (portrait.framework) are one of them. Nothing here says what is worth what.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

CHILD = "isChildOf"
# Kinds of association that say something about another item's content, the closest first, with what they are called.
LINK_ZH = {
    "exactMatchOf": "等同",
    "replacedBy": "被取代为",
    "isPeerOf": "相当",
    "isPartOf": "部分",
    "isRelatedTo": "相关",
}
ASSOCIATION_ZH = LINK_ZH | {
    CHILD: "上级",
    "precedes": "先于",
    "exemplar": "示例",
    "hasSkillLevel": "技能水平",
}


@dataclass(frozen=True)
class Item:
    """One statement. `code` is what people call it by; `body` is all of it as it came."""

    identifier: str
    code: str
    statement: str
    kind: str
    body: Mapping[str, Any] = field(repr=False, hash=False)
    english: str = ""


@dataclass(frozen=True)
class Association:
    """`kind` runs from origin to destination; an end may be an item of another framework, by identifier or by code."""

    identifier: str
    kind: str
    origin: str
    destination: str
    sequence: int | None
    body: Mapping[str, Any] = field(repr=False, hash=False)


@dataclass(frozen=True)
class Frame:
    """One version of a framework. `form` says which kind of file it is (case | own); `document` is all but items and associations."""

    identifier: str
    title: str
    label: str  # of the version, as the publisher calls it; "" = none
    form: str
    document: Mapping[str, Any] = field(repr=False, hash=False)
    items: tuple[Item, ...] = field(repr=False)
    associations: tuple[Association, ...] = field(repr=False)

    @cached_property
    def by_id(self) -> dict[str, Item]:
        return {item.identifier: item for item in self.items}

    @cached_property
    def by_code(self) -> dict[str, Item]:
        """The items whose code no other has."""
        counts = Counter(item.code for item in self.items)
        return {item.code: item for item in self.items if item.code and counts[item.code] == 1}

    @cached_property
    def parents(self) -> dict[str, str]:
        """Item → the first item that it is a child of."""
        found: dict[str, str] = {}
        for one in self._children():
            found.setdefault(one.origin, one.destination)
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        return {item.identifier: n for n, item in enumerate(self.items)}

    def _children(self) -> Iterator[Association]:
        return (one for one in self.associations if one.kind == CHILD and one.origin in self.by_id)

    @cached_property
    def below(self) -> dict[str, list[Item]]:
        """Item (or the framework itself) → its children in their order; items without a parent stand at the top."""
        order = {one.origin: one.sequence for one in self._children() if one.sequence is not None}
        found: dict[str, list[Item]] = {}
        for item in self.items:
            parent = self.parents.get(item.identifier, "")
            found.setdefault(parent if parent in self.by_id else self.identifier, []).append(item)
        for children in found.values():
            children.sort(
                key=lambda item: (order.get(item.identifier, 1 << 30), self._places[item.identifier])
            )
        return found

    def tree(self) -> Iterator[tuple[int, Item]]:
        """Every item with its depth, each below its parent."""
        waiting = [(0, item) for item in reversed(self.below.get(self.identifier, []))]
        while waiting:
            depth, item = waiting.pop()
            yield depth, item
            waiting += [(depth + 1, child) for child in reversed(self.below.get(item.identifier, []))]


@dataclass(frozen=True)
class Change:
    """One item that two versions have differently: what of it, before and after."""

    item: Item
    parts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Difference:
    """What the later of two versions has more, less and otherwise."""

    added: tuple[Item, ...]
    removed: tuple[Item, ...]
    changed: tuple[Change, ...]
    links_added: int
    links_removed: int

    @property
    def nothing(self) -> bool:
        return not (self.added or self.removed or self.changed or self.links_added or self.links_removed)


def difference(before: Frame, after: Frame) -> Difference:
    """Items are the same by their identifiers, whatever they say; where a publisher has given new ones, by their codes."""
    same: dict[str, str] = {}  # identifier after → before
    for item in after.items:
        old = before.by_id.get(item.identifier) or before.by_code.get(item.code)
        if old is not None and after.by_code.get(old.code, item) == item:
            same[item.identifier] = old.identifier
    changed = []
    for item in after.items:
        if item.identifier in same:
            old = before.by_id[same[item.identifier]]
            if parts := tuple(_parts(before, after, old, item)):
                changed.append(Change(item, parts))
    earlier = {(one.kind, one.origin, one.destination) for one in before.associations if one.kind != CHILD}
    later = {
        (one.kind, same.get(one.origin, one.origin), same.get(one.destination, one.destination))
        for one in after.associations
        if one.kind != CHILD
    }
    kept = set(same.values())
    return Difference(
        tuple(item for item in after.items if item.identifier not in same),
        tuple(item for item in before.items if item.identifier not in kept),
        tuple(changed),
        len(later - earlier),
        len(earlier - later),
    )


def _parts(before: Frame, after: Frame, old: Item, new: Item) -> Iterator[tuple[str, str, str]]:
    pairs = [
        ("内容", old.statement, new.statement),
        ("代码", old.code, new.code),
        ("类型", old.kind, new.kind),
        ("上级", _parent(before, old), _parent(after, new)),
    ]
    yield from (pair for pair in pairs if pair[1] != pair[2])


def _parent(frame: Frame, item: Item) -> str:
    above = frame.by_id.get(frame.parents.get(item.identifier, ""))
    return (above.code or above.statement) if above else ""


@dataclass(frozen=True)
class Link:
    """An item of one framework, one of another, and how they hang together. `via` is the item that both hang on, if they do so
    only through it; `kind` is then the looser of the two."""

    source: Item
    target: Item
    kind: str
    via: Item | None = None


def crosswalk(
    source: Frame, target: Frame, frames: Iterable[Frame], *, pivot: Frame | None = None
) -> list[Link]:
    """Which items of `target` the items of `source` correspond with, by what any of `frames` says; in the source's order.

    With `pivot` also pairs that both correspond with the same item of that framework. Of one pair the closest link counts.
    """
    listed = list(frames)
    found = {(a.identifier, b.identifier): Link(a, b, kind) for a, b, kind in _direct(source, target, listed)}
    if pivot is not None:
        onward: dict[str, list[tuple[Item, str]]] = {}
        for middle, there, kind in _direct(pivot, target, listed):
            onward.setdefault(middle.identifier, []).append((there, kind))
        for here, middle, kind in _direct(source, pivot, listed):
            for there, then in onward.get(middle.identifier, []):
                looser = max(kind, then, key=list(LINK_ZH).index)
                found.setdefault((here.identifier, there.identifier), Link(here, there, looser, middle))
    places = {item.identifier: n for n, (_, item) in enumerate(source.tree())}
    ends = {item.identifier: n for n, (_, item) in enumerate(target.tree())}
    return sorted(
        found.values(), key=lambda link: (places[link.source.identifier], ends[link.target.identifier])
    )


def _direct(source: Frame, target: Frame, frames: Sequence[Frame]) -> list[tuple[Item, Item, str]]:
    """Pairs that an association links, whichever way it runs; the closest kind of each."""
    if source.identifier == target.identifier:
        return [(item, item, "exactMatchOf") for item in source.items]
    here, there = _Names(source), _Names(target)
    best: dict[tuple[str, str], tuple[Item, Item, str]] = {}
    for frame in frames:
        own = _Names(frame)
        for one in frame.associations:
            if one.kind not in LINK_ZH:
                continue
            for origin, destination in ((one.origin, one.destination), (one.destination, one.origin)):
                for a in here.of(origin, own):
                    for b in there.of(destination, own):
                        pair = (a.identifier, b.identifier)
                        rank = list(LINK_ZH).index
                        if pair not in best or rank(one.kind) < rank(best[pair][2]):
                            best[pair] = (a, b, one.kind)
    return list(best.values())


class _Names:
    """The items of a framework by all that an association may call them."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def of(self, name: str, own: _Names) -> list[Item]:
        """The items that `name` stands for when a framework (`own`) says it: its own item, else one of ours, by code with `*`."""
        if name in own.frame.by_id and own.frame.identifier != self.frame.identifier:
            return []
        if name in self.frame.by_id:
            return [self.frame.by_id[name]]
        # A name that is no identifier is a code, as our own files write them.
        if name.endswith("*"):
            return [item for item in self.frame.items if fnmatch.fnmatchcase(item.code, name)]
        return [found] if (found := self.frame.by_code.get(name)) else []
