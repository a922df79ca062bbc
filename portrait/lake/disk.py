"""What a commit of a Delta table has written, on the disk: deltalake leaves that to the system, which may take half a minute."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import unquote

_LOG = "_delta_log"


def to_disk(table: Path, version: int) -> None:
    """Returns when the files that this version of the table added are on the disk, its commit after them, and the names of all."""
    commit = table / _LOG / f"{version:020d}.json"
    # Only a newline parts actions: U+2028 and its like stand as they are in the bounds of a column.
    actions = (json.loads(line) for line in commit.read_bytes().split(b"\n") if line.strip())
    files = [table / unquote(action["add"]["path"]) for action in actions if "add" in action]
    for file in files:
        settle(file)
    for folder in {folder for file in files for folder in file.parents if folder.is_relative_to(table)}:
        settle(folder)
    settle(commit)
    for folder in (commit.parent, table, table.parent):
        settle(folder)


def settle(path: Path) -> None:
    """Returns when a file's bytes, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():  # which not every network file system can be asked for
            raise
    finally:
        os.close(handle)
