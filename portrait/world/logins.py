"""Whom a demo's guests can be: one login for each role, described by what it is linked to. Passwords are made elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from portrait.errors import NotFound
from portrait.place import place_name


@dataclass(frozen=True)
class Login:
    """A user to create. `person`, `provider` and `school` are the codes of the rosters, `region` an adcode, `office` A, B, C or none."""

    login: str
    name: str
    role: str  # a value of portrait.scope.Role
    person: str = ""
    provider: str = ""
    school: str = ""
    office: str = ""
    region: str = ""


def demo_logins(folder: Path) -> tuple[Login, ...]:
    """The logins of the world written in `folder`. Raises NotFound when there is none."""
    try:
        chosen = json.loads((folder / "world.json").read_text(encoding="utf-8"))["showcase"]
    except OSError as error:
        raise NotFound(f"{folder} 里没有示范数据（缺 world.json），请先生成") from error
    return (
        Login("teacher", chosen["name"], "teacher", person=chosen["teacher"]),
        Login("trainer", "承训单位管理员", "trainer", provider=chosen["provider"]),
        Login("office_a", "项目执行办公室（甲）", "office", office="OFFICE_A"),
        Login("office_b", "项目执行办公室（乙）", "office", office="OFFICE_B"),
        Login("office_c", "项目执行办公室（丙）", "office", office="OFFICE_C"),
        Login("province", "教育厅教师教育处", "office"),
        Login("city", f"{place_name(chosen['city'])}教育局", "bureau", region=chosen["city"]),
        Login("county", f"{place_name(chosen['county'])}教育局", "bureau", region=chosen["county"]),
        Login("school", "学校管理员", "school", school=chosen["school"]),
        Login("admin", "平台管理员", "admin"),
    )
