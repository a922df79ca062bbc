"""What the resources work on: the registry, the writer of statements, and the limits."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from portrait.xapi.writer import Writer


@dataclass(frozen=True)
class Limits:
    """How much one request may ask for or bring."""

    body: int = 32 << 20  # bytes
    batch: int = 5_000  # statements
    waiting: int = 20_000  # statements that wait for being written
    page: int = 500  # statements of one answer


@dataclass(frozen=True)
class Store:
    """One learning record store."""

    registry: Engine
    writer: Writer
    limits: Limits
    mount: str  # where it is served, for links: /xapi
