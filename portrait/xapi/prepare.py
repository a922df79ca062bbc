"""A statement on its way in: checked, repaired where that is allowed, and made into what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from portrait.xapi.body import Mark, pack, written
from portrait.xapi.invalid import Invalid
from portrait.xapi.repair import Repair, repaired
from portrait.xapi.statement import VOIDED, check
from portrait.xapi.term import Terms, terms


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid statement, ready to be kept."""

    id: UUID
    statement: dict[str, Any]
    mark: Mark
    terms: Terms
    target: UUID | None
    text: bytes
    body: bytes
    repairs: tuple[Repair, ...]


def prepare(sent: Any, version: str, *, lenient: bool, attached: frozenset[str] = frozenset()) -> Prepared:
    """Check a statement by the rules of `version` and make it ready. `attached` are the sha2 of contents that came with it.

    Raises Invalid.
    """
    repairs: tuple[Repair, ...] = ()
    if lenient and isinstance(sent, dict):
        sent, repairs = repaired(sent, version)
    check(sent, version)
    statement = _listed(sent)
    if "version" not in statement:
        statement["version"] = "2.0.0" if version == "2.0.0" else "1.0.0"
    mark = Mark(0)
    if "timestamp" not in statement:
        mark |= Mark.UNTIMED
    thing = statement["object"]
    target = UUID(thing["id"]) if thing.get("objectType") == "StatementRef" else None
    if statement["verb"]["id"] == VOIDED:
        mark |= Mark.VOIDING
    if attached and any(one.get("sha2") in attached for one in _attachments(statement)):
        mark |= Mark.ATTACHED
    given = statement.get("id")
    try:
        text = written(statement)
    except TypeError:  # the check takes any JSON for an extension; what writes it goes so deep and no deeper
        raise Invalid("", "must not nest deeper than 250 levels") from None
    return Prepared(
        UUID(given) if given else uuid4(),
        statement,
        mark,
        terms(statement),
        target,
        text,
        pack(text),
        repairs,
    )


def prepare_all(
    sent: Sequence[Any], version: str, *, lenient: bool, attached: frozenset[str] = frozenset()
) -> list[Prepared]:
    """Every statement of a batch. Raises Invalid that names the first that is wrong, or an id that stands twice."""
    made: list[Prepared] = []
    seen: dict[UUID, int] = {}
    for place, statement in enumerate(sent):
        try:
            prepared = prepare(statement, version, lenient=lenient, attached=attached)
        except Invalid as error:
            raise error.at(f"[{place}]") from None
        if prepared.id in seen:
            raise Invalid(f"[{place}].id", f"{prepared.id} stands at [{seen[prepared.id]}] as well")
        seen[prepared.id] = place
        made.append(prepared)
    return made


def _attachments(statement: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(statement.get("attachments", ()))
    if statement["object"].get("objectType") == "SubStatement":
        found += statement["object"].get("attachments", ())
    return found


def _listed(statement: dict[str, Any]) -> dict[str, Any]:
    """The statement with each context activity in a list, as it is answered."""
    made = dict(statement)
    if "contextActivities" in made.get("context", ()):
        made["context"] = _context(made["context"])
    thing = made["object"]
    if thing.get("objectType") == "SubStatement" and "contextActivities" in thing.get("context", ()):
        made["object"] = {**thing, "context": _context(thing["context"])}
    return made


def _context(context: dict[str, Any]) -> dict[str, Any]:
    things = context["contextActivities"]
    if not any(isinstance(value, dict) for value in things.values()):
        return context
    listed = {key: [value] if isinstance(value, dict) else value for key, value in things.items()}
    return {**context, "contextActivities": listed}
