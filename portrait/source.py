"""Where accounts, courses and records come from: a source's code and the title its mapping gives it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from portrait.resource import DATA


def source_titles(home: Path) -> dict[str, str]:
    """Titles by source code, of our mappings and the home's own. A broken mapping is told where it is used, not here."""
    found: dict[str, str] = {}
    for folder in (DATA / "mapping", home / "mapping"):
        for path in sorted(folder.glob("*.yaml")):
            source, title = _named(path, path.stat().st_mtime_ns)
            if source and title:
                found.setdefault(source, title)
    return found


def mapping_titles(home: Path) -> dict[str, str]:
    """Titles by the name of the mapping; the name itself for one that says none or cannot be read."""
    found: dict[str, str] = {}
    for folder in (DATA / "mapping", home / "mapping"):
        for path in sorted(folder.glob("*.yaml")):
            found[path.stem] = _named(path, path.stat().st_mtime_ns)[1] or path.stem
    return found


def mapping_source(path: Path) -> str:
    """The code of the source that a mapping names; "" for one that cannot be read."""
    return _named(path, path.stat().st_mtime_ns)[0]


@lru_cache(maxsize=256)
def _named(path: Path, _changed: int) -> tuple[str, str]:
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError):
        return "", ""
    if not isinstance(said, dict):
        return "", ""
    return str(said.get("source", "")), str(said.get("title", ""))
