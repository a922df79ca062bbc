"""What of a row of a file its reader gets. Who takes files in and mends them gets all of it, a teacher the row of an own record, and who
decides on a record what makes it: never what merely stands beside it. Of a table in which every column is a record of its own nobody
else's is shown to a teacher or to who decides, be it in a head or in a cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from portrait.intake.arrange import named
from portrait.intake.mapping import Stream
from portrait.scope import Role, Scope
from portrait.sentence import Sentence, sentence

_MARKS = ("score", "score_max")
_STEP = re.compile(r"""\.(?:"([^"*]+)"|([^.\[\]"'*\s]+))|\[(\d+)\]""")
_ALL: dict[Any, Any] = {}  # of a value all that is in it


@dataclass(frozen=True)
class Excerpt:
    """What a reader gets of the rows of a stream; `place` (from 1) is the record's own column in a wide table, `marks` whether a mark
    makes the record. Without a scope the reader is who runs a command."""

    stream: Stream
    scope: Scope | None
    place: int = 0
    marks: bool = False

    @property
    def whole(self) -> bool:
        """All of the row, whosever it is."""
        return self.scope is None or self.scope.actor.role is Role.ADMIN

    @property
    def own(self) -> bool:
        """The row of the reader's own record."""
        return self.scope is not None and self.scope.actor.role is Role.TEACHER

    def columns(self, heads: Sequence[str]) -> list[bool]:
        """Whether each column of a row is shown, by the heads of the file."""
        wide = self.stream.layout.wide
        if self.whole or (self.own and wide is None):
            return [True] * len(heads)
        ours = {
            head: name for name, head in named({head: head for head in heads}, self.stream.layout).items()
        }
        used = self._used
        shown = []
        for place, head in enumerate(heads, 1):
            name = ours.get(head, head)
            if wide is not None and name not in wide.keep:
                shown.append(place == self.place)
            else:
                shown.append(self.own or name in used)
        return shown

    def of_object(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What is shown of a JSON line: of one that is not the reader's own what the stream cuts out of it."""
        if self.whole or self.own:
            return dict(said)
        wanted: dict[Any, Any] = {}
        for path in self._used:
            steps = [key or bare or int(at) for key, bare, at in _STEP.findall(path)]
            node = wanted
            for step in steps[:-1]:
                node = node.setdefault(step, {})
                if node is _ALL:
                    break
            else:
                if steps:  # the path of the line itself says no thing of it
                    node[steps[-1]] = _ALL
        cut = _cut(said, wanted)
        return cut if isinstance(cut, dict) else {}

    def corrected(self, cells: Mapping[str, str]) -> dict[str, str]:
        """What is shown of the cells that somebody corrected, by the mapping's names for them."""
        if self.whole or self.own:
            return dict(cells)
        wide = self.stream.layout.wide
        used = self._used | ({wide.item, wide.value} if wide else set())
        return {name: text for name, text in cells.items() if name in used}

    def less(self, columns: int) -> Sentence:
        """Why so many columns, or things of a JSON line, are not shown; "" where all are."""
        if not columns:
            return Sentence("")
        if self.own:
            return sentence("另有 {n} 列没有显示：这张表一列一条记录，别的列可能是别人的", n=columns)
        return sentence(
            "另有 {n} 列（项）没有显示：只显示构成这条记录的内容，同一行里的其他内容与要决定的事无关",
            n=columns,
        )

    @property
    def _used(self) -> set[str]:
        """The columns that make the record: what its fields, its key and its conditions are read from."""
        fields = tuple(one for one in self.stream.fields if self.marks or one[0] not in _MARKS)
        used = set(replace(self.stream, fields=fields, made=()).columns)
        for made in reversed(self.stream.made):  # each may be made of earlier ones
            if made.name in used:
                used.update(made.columns)
        return used


def leaves(said: object) -> int:
    """How many values without parts a JSON value has."""
    if isinstance(said, dict):
        return sum(map(leaves, said.values()))
    return sum(map(leaves, said)) if isinstance(said, list) else 1


def _cut(said: Any, wanted: Mapping[Any, Any]) -> Any:
    """Of a JSON value what is wanted of it; None where it has no such parts."""
    if wanted is _ALL:
        return said
    if isinstance(said, dict):
        return {key: _cut(one, wanted[key]) for key, one in said.items() if key in wanted}
    if isinstance(said, list):
        return [_cut(one, wanted[at]) for at, one in enumerate(said) if at in wanted]
    return None
