"""Every action that is noted in the audit has words for its reader."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from dashboards.admin.audit import ACTIONS
from portrait.store.ruling import DECISION, WITHDRAWAL

ROOT = Path(__file__).parent.parent
PLACES = {"note": 0, "_audited": 1, "_audit": 1, "_note": 1}  # of the action among what is given


def noted() -> Iterator[ast.expr]:
    """What the code gives as the action."""
    for folder in ("portrait", "dashboards"):
        for file in (ROOT / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(call, ast.Call):
                    continue
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name in PLACES:
                    yield from call.args[PLACES[name] : PLACES[name] + 1]
                elif name == "add_audit":
                    yield from (one.value for one in call.keywords if one.arg == "action")


def test_whatever_is_noted_has_words() -> None:
    given = [
        part for one in noted() for part in (one, getattr(one, "body", one), getattr(one, "orelse", one))
    ]
    texts = {one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    assert len(texts) > 30
    assert texts - ACTIONS.keys() == set()
    assert {f"record.{said}" for said in WITHDRAWAL + DECISION} <= ACTIONS.keys()
