"""Where the product's own data files are: `data/` of a checkout, or the copy inside an installed wheel."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from portrait.errors import SettingError
from portrait.trouble import of_yaml

_PACKAGE = Path(__file__).parent
DATA = _PACKAGE / "_data" if (_PACKAGE / "_data").is_dir() else _PACKAGE.parent / "data"


@cache
def read_yaml(name: str) -> Any:
    """The parsed YAML file `data/<name>`. Callers must not change it. Raises SettingError when somebody's change made it unreadable."""
    try:
        return yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SettingError("data/{name}：不是可读的 YAML：{why}", name=name, why=of_yaml(error)) from error


@cache
def read_code(name: str) -> dict[str, dict[str, str]]:
    """Code list `data/code/<name>.csv` by its first column, in file order."""
    with (DATA / "code" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first = next(iter(rows[0]))
    return {row[first]: row for row in rows}
