"""Whose a lake is: the seal of the registry that tells of its records, in a file beside the tables. A lake without one is anybody's."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "registry.json"


@dataclass(frozen=True)
class Owner:
    """A registry by its seal. `address` is where it stood when the lake was made, "" in the home; nothing is decided by it."""

    seal: int
    address: str


def read_owner(folder: Path) -> Owner | None:
    """None for a lake that does not say."""
    try:
        said = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Owner(said["seal"], said["address"])


def write_owner(folder: Path, owner: Owner) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(owner), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, folder / NAME)
