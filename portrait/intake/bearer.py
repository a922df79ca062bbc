"""By which of their numbers a sheet knows people: the registry is asked which of a column's are known, and as what. It decides nothing
where few of them are."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from portrait.identifier import KIND_NAME
from portrait.identity import Unrecognised, has_secret, identify, load_secret
from portrait.intake.draft import ACCOUNTS
from portrait.intake.guess import LIKELY
from portrait.intake.survey import Table
from portrait.sentence import Sentence, sentence
from portrait.site import Site
from portrait.store.bearer import anybody, bearers, login_sources, owned

_HALF = 0.5  # of the numbers, where the names beside them agree
_MOSTLY = 0.9  # of them where no names do, and of the names
_KINDS = tuple(kind for kind in ACCOUNTS if kind != "native")
_KEY = "staff"  # what a roster's people are known by
# What a column of a kind is in each target.
_PICKS = {"record": "account:{kind}", "trainee": "account:{kind}", "person": "key"}
_GUESSED = ("account:staff", "account:native", "key:native")  # by a head that says little


@dataclass(frozen=True)
class People:
    """What the registry knows: `names` of those who bear a number of a kind (text → names), `logins` by source (source → texts)."""

    names: Callable[[str, Collection[str]], Mapping[str, Collection[str]]]
    logins: Callable[[Collection[str]], Mapping[str, Collection[str]]]


@dataclass(frozen=True)
class Borne:
    """How many of a column's numbers are known as numbers of a kind. `named` of them stand beside the right name; of `beside` a name
    stands there at all."""

    column: str
    kind: str
    all: int
    known: int
    beside: int
    named: int

    @property
    def agreed(self) -> bool:
        return not self.beside or self.named >= _MOSTLY * self.beside

    @property
    def sure(self) -> bool:
        """Whether the column is of this kind."""
        return self.known > 0 and self.agreed and self.known >= (_HALF if self.beside else _MOSTLY) * self.all

    @property
    def why(self) -> Sentence:
        said = sentence(
            "{all} 个里 {known} 个是登记过的{kind}", all=self.all, known=self.known, kind=_zh(self.kind)
        )
        if not self.beside:
            return said
        if self.named == self.beside:
            return sentence("{said}，姓名也对得上", said=said)
        return sentence("{said}，{named} 个姓名对得上", said=said, named=self.named)


@dataclass(frozen=True)
class Found:
    """The picks that the registry speaks for, each with its reason, and what a person should know of the others."""

    picks: dict[str, str]
    why: dict[str, str]
    notes: tuple[Sentence, ...] = ()


def site_people(site: Site) -> People | None:
    """Whom the registry knows; None where no roster has come in, which says nothing of a sheet."""
    with site.registry.connect() as connection:
        if not has_secret(site.settings.home) or not anybody(connection):
            return None
    secret = load_secret(site.settings.home)

    def digests(source: str, kind: str, texts: Collection[str]) -> dict[str, str]:
        found = {}
        for text in texts:
            with suppress(Unrecognised):
                one = identify(source, kind, text, secret)
                if one.kind == kind:
                    found[text] = one.digest
        return found

    def names(kind: str, texts: Collection[str]) -> Mapping[str, Collection[str]]:
        asked = digests("", kind, texts)
        with site.registry.connect() as connection:
            there = bearers(connection, set(asked.values()))
        return {text: there[digest] for text, digest in asked.items() if digest in there}

    def logins(texts: Collection[str]) -> Mapping[str, Collection[str]]:
        found: dict[str, list[str]] = {}
        with site.registry.connect() as connection:
            for source in login_sources(connection):
                asked = digests(source, "native", texts)
                there = owned(connection, set(asked.values()))
                found[source] = [text for text, digest in asked.items() if digest in there]
        return found

    return People(names, logins)


def borne_by(tables: Sequence[Table], target: str, picks: Mapping[str, str], people: People | None) -> Found:
    """What the numbers of the column by which rows are somebody's are known as. Another column that may be one is taken where its
    numbers are known and those of the first are not."""
    first = next((column for column, pick in picks.items() if pick in _GUESSED), "")
    if people is None or not first or target not in _PICKS:
        return Found({}, {})
    others = [
        column.name
        for column in tables[0].columns
        if not picks.get(column.name)
        and any(guess.role in ACCOUNTS and guess.sure >= LIKELY for guess in column.guesses)
    ]
    nearest: Borne | None = None
    for column in (first, *others):
        best = _best(tables, column, picks, people, (_KEY,) if target == "person" else _KINDS)
        if best is not None and best.sure:
            dropped = {first: ""} if column != first else {}
            pick = _PICKS[target].format(kind=best.kind)
            return Found({**dropped, column: pick}, {column: best.why})
        nearest = nearest or best
    if target == "person" or nearest is None:  # a roster makes people known
        return Found({}, {})
    return Found({}, {}, tuple(_strangers(tables, nearest, picks[first], people)))


def _best(
    tables: Sequence[Table], column: str, picks: Mapping[str, str], people: People, kinds: Sequence[str]
) -> Borne | None:
    """As what most of the numbers are known; None for an empty column."""
    name = next((one for one, pick in picks.items() if pick == "name"), "") or next(
        (one.name for one in tables[0].columns if one.role == "name"), ""
    )
    pairs = dict(_pairs(tables, column, name))
    found = []
    for kind in kinds if pairs else ():
        known = people.names(kind, list(pairs))
        beside = [text for text in known if pairs[text]]
        named = sum(_close(pairs[text]) in map(_close, known[text]) for text in beside)
        found.append(Borne(column, kind, len(pairs), len(known), len(beside), named))
    return max(found, key=lambda one: (one.known, one.named), default=None)


def _pairs(tables: Sequence[Table], column: str, name: str) -> Iterator[tuple[str, str]]:
    """Each number with the name beside it."""
    for table in tables:
        places = [table.head.names.index(one) if one in table.head.names else -1 for one in (column, name)]
        for cells in table.cells:
            if places[0] >= 0 and cells[places[0]]:
                yield cells[places[0]], cells[places[1]] if places[1] >= 0 else ""


def _close(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def _strangers(tables: Sequence[Table], best: Borne, pick: str, people: People) -> Iterator[Sentence]:
    """That a sheet's people are not known by its numbers, which no later roster changes by itself."""
    if best.known and not best.agreed and pick.endswith(f":{best.kind}"):
        yield sentence(
            "“{column}”的 {why}：按{kind}读，记录会算在名册里那些人名下，请先核对这一列",
            column=best.column,
            why=best.why,
            kind=_zh(best.kind),
        )
        return
    if best.known and not best.agreed:
        yield sentence(
            "“{column}”的 {why}：多半是另一套编号碰巧相同，没有当作{kind}，请核对",
            column=best.column,
            why=best.why,
            kind=_zh(best.kind),
        )
        return
    texts = {text for text, _ in _pairs(tables, best.column, "")}
    theirs = people.logins(texts) if pick == "account:native" else {}
    source, most = max(
        ((source, len(some)) for source, some in theirs.items()), key=lambda one: one[1], default=("", 0)
    )
    if most >= _HALF * len(texts):
        yield sentence(
            "“{column}”的 {all} 个账号里 {n} 个是来源 {source} 的：把来源写成 {source}，才认得出是同一个人",
            column=best.column,
            all=best.all,
            n=most,
            source=source,
        )
        return
    yield sentence(
        "“{column}”的 {all} 个号码里只有 {known} 个是登记过的（继教编号、身份证号、手机号、邮箱都查过），认不出的人的记录先存着，列在 portrait identity list --unknown；名册里有同样的号码才对得上",
        column=best.column,
        all=best.all,
        known=best.known,
    )


def _zh(kind: str) -> Sentence:
    return sentence(KIND_NAME[kind])
