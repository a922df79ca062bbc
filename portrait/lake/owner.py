"""Whose a lake is: the seal of the registry that tells of its records, in a file beside the tables. A lake without one is anybody's."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from portrait.errors import LakeForeign

NAME = "registry.json"


@dataclass(frozen=True)
class Owner:
    """A registry by its seal. `address` is where it stood when the lake was made, "" in the home; nothing is decided by it."""

    seal: int
    address: str


def read_owner(folder: Path) -> Owner | None:
    """None for a lake that does not say. Raises LakeForeign when what it says cannot be read."""
    path = folder / NAME
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        owner = Owner(said["seal"], said["address"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(path) from error
    if type(owner.seal) is not int or type(owner.address) is not str:
        raise _unreadable(path)
    return owner


def _unreadable(path: Path) -> LakeForeign:
    return LakeForeign(
        "{file} 坏了，看不出记录湖是哪个登记库的。什么也没有改：从备份恢复它，或者删掉它再来一次（那时核对湖里的批次都在登记库的账上，"
        "就重新写好）",
        file=path,
    )


def write_owner(folder: Path, owner: Owner) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(owner), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, folder / NAME)
