"""Whose an account may be, decided by rules that are data: who is sure and alone is linked, everything else waits for a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from portrait.resource import read_yaml

# lapsed: taken back by the rules themselves, when what they stood on has changed; it forbids nothing.
STATES = {
    "active": "已关联",
    "waiting": "等待确认",
    "undone": "已撤销",
    "rejected": "不是同一人",
    "lapsed": "已失效",
}


@dataclass(frozen=True)
class Reason:
    code: str
    zh: str
    confidence: float  # 0..1


@dataclass(frozen=True)
class IdentityRule:
    version: str
    threshold: float  # at or above it a link is made without a person
    shared: frozenset[str]  # kinds that several human beings may use
    reasons: Mapping[str, Reason]

    def sure(self, reason: str) -> bool:
        return self.reasons[reason].confidence >= self.threshold


@cache
def identity_rule() -> IdentityRule:
    said = read_yaml("rules/identity.yaml")
    return IdentityRule(
        said["version"],
        float(said["threshold"]),
        frozenset(said["may_be_shared"]),
        {code: Reason(code, one["zh"], float(one["confidence"])) for code, one in said["reasons"].items()},
    )


@dataclass(frozen=True)
class Candidate:
    """A person whom an account may be. `root` is who stands for that person: the same number for one human being."""

    person: int
    root: int
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Match:
    """What the rules say of an account and a person; `state` is active or waiting."""

    person: int
    reason: str
    confidence: float
    state: str
    evidence: Mapping[str, Any] = field(default_factory=dict, compare=False)


def matches(candidates: Collection[Candidate], refused: Collection[int], rule: IdentityRule) -> list[Match]:
    """One active match where there is no doubt, else one waiting for each human being who may be meant; by person.

    `refused` are roots of which a person has said that they are not meant: they are not asked about again, but that there
    was one to confuse with keeps the others from being linked without a person.
    """
    best: dict[int, Candidate] = {}
    for one in sorted(candidates, key=lambda one: (-rule.reasons[one.reason].confidence, one.person)):
        best.setdefault(one.root, one)
    alone = len(best) == 1
    found = []
    for root, one in best.items():
        if root in refused:
            continue
        active = alone and rule.sure(one.reason)
        reason = one.reason if alone or not rule.sure(one.reason) else "several"
        evidence = one.evidence if alone else {**one.evidence, "of": len(best)}
        confidence = rule.reasons[reason].confidence
        found.append(Match(one.person, reason, confidence, "active" if active else "waiting", evidence))
    return sorted(found, key=lambda one: one.person)


def stands_for(edges: Collection[tuple[int, int]], rank: Mapping[int, Any]) -> dict[int, int]:
    """Who stands for whom, when each edge says that its second stands for its first: person → person, none for themselves.

    All who hang together are one human being. Of those whom nobody stands for, the first by `rank` stands for all.
    """
    group: dict[int, int] = {}

    def head(person: int) -> int:
        while group.setdefault(person, person) != person:
            person = group[person]
        return person

    for one, other in edges:
        group[head(one)] = head(other)
    members: dict[int, set[int]] = {}
    for person in group:
        members.setdefault(head(person), set()).add(person)
    absorbed = {one for one, _ in edges}
    found: dict[int, int] = {}
    for them in members.values():
        root = min(them - absorbed or them, key=lambda person: rank[person])
        found.update((person, root) for person in them if person != root)
    return found
