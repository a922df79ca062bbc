"""What waits for a reader, asked in one line."""

from __future__ import annotations

from typing import Any

from portrait.scope import Scope
from portrait.site import Site
from portrait.waiting import Queue, Waiting, desk


def waiting_queue(site: Site, scope: Scope | None, **wanted: Any) -> Queue:
    return desk(site, scope).queue(**wanted)


def waiting_records(site: Site, scope: Scope | None, **wanted: Any) -> list[Waiting]:
    return desk(site, scope).records(**wanted)
