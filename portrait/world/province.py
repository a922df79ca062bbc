"""Counties and schools of the demo province: real places of the code list, invented schools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from portrait.place import Place, places
from portrait.world.words import names, numeral, shares

SCHOOL_SIZE = 45  # teachers a school, on average
STAGES = ("S1", "S2", "S3", "S4", "S5", "S6", "S9")
_STAGE_SHARE = (0.20, 0.42, 0.24, 0.08, 0.03, 0.01, 0.02)
_STAGE_SIZE = {"S1": 0.5, "S2": 0.8, "S3": 1.2, "S4": 2.5, "S5": 1.8, "S6": 0.4, "S9": 1.5}
URBAN_RURAL = ("111", "112", "121", "122", "123", "210", "220")
_COUNTY_WEIGHT = {"市辖区": 0.8, "县级市": 1.1, "县": 1.2}
_URBAN_RURAL_SHARE = {
    "市辖区": (0.55, 0.20, 0.06, 0.07, 0.02, 0.05, 0.05),
    "县级市": (0.15, 0.08, 0.27, 0.14, 0.02, 0.18, 0.16),
    "县": (0.05, 0.03, 0.30, 0.16, 0.01, 0.23, 0.22),
}


@dataclass(frozen=True)
class School:
    code: str
    name: str
    county: int  # index into Province.counties
    urban_rural: str
    stage: str
    teachers: int

    @property
    def rural(self) -> bool:
        return self.urban_rural.startswith("2")


@dataclass(frozen=True)
class Province:
    """The county-level units in the order of the code list and their schools, grouped by county."""

    counties: tuple[Place, ...]
    schools: tuple[School, ...]

    def county(self, adcode: str) -> int:
        return next(i for i, place in enumerate(self.counties) if place.adcode == adcode)


def county_units() -> tuple[Place, ...]:
    """The 157 county-level units: 156 counties, and 济源, which is city and county in one."""
    inner = {place.parent for place in places().values() if place.level == "county"}
    return tuple(
        place
        for place in places().values()
        if place.level == "county" or (place.level == "prefecture" and place.adcode not in inner)
    )


def build_province(rng: np.random.Generator, teachers: int) -> Province:
    """Schools for so many teachers; every county has at least one."""
    counties = county_units()
    kinds = [place.kind if place.kind in _COUNTY_WEIGHT else "县级市" for place in counties]
    weights = np.array([_COUNTY_WEIGHT[kind] for kind in kinds]) * rng.lognormal(0.0, 0.3, len(counties))
    schools: list[School] = []
    for index, (place, kind, staff) in enumerate(
        zip(counties, kinds, shares(weights, teachers).tolist(), strict=True)
    ):
        count = max(1, round(staff / SCHOOL_SIZE))
        stages = rng.choice(STAGES, count, p=_STAGE_SHARE)
        kinds_of_place = rng.choice(URBAN_RURAL, count, p=_URBAN_RURAL_SHARE[kind])
        sizes = shares(
            np.array([_STAGE_SIZE[str(stage)] for stage in stages]) * rng.lognormal(0.0, 0.35, count), staff
        )
        taken: set[str] = set()
        for serial in range(count):
            stage, where = str(stages[serial]), str(kinds_of_place[serial])
            if stage in ("S4", "S5", "S6"):  # these stand in the county town
                where = "111" if kind == "市辖区" else "121"
            name = _school_name(rng, place.name, stage, where, taken)
            code = f"XX{place.adcode}{serial + 1:04d}"
            schools.append(School(code, name, index, where, stage, int(sizes[serial])))
    return Province(counties, tuple(schools))


def _school_name(rng: np.random.Generator, county: str, stage: str, where: str, taken: set[str]) -> str:
    """A name that no other school of the county has."""
    words = names()
    for number in range(1, 1000):
        road = words["roads"][rng.integers(len(words["roads"]))]
        town = words["towns"][rng.integers(len(words["towns"]))]
        village = words["villages"][rng.integers(len(words["villages"]))]
        ordinal = f"第{numeral(min(number, 99))}"
        if where[0] == "2":
            area, school = f"{town}乡", f"{village}村" if where == "220" else "中心"
        elif where[:2] == "12":
            area, school = f"{town}镇", "中心" if number == 1 else ordinal
        else:
            area, school = f"{road}路", "" if number == 1 else ordinal
        name = (
            county
            + {
                "S1": f"{area}{school}幼儿园",
                "S2": f"{area}{school}小学",
                "S3": f"{area}{ordinal if where[0] != '2' else ''}初级中学",
                "S4": f"{ordinal}高级中学",
                "S5": "职业技术教育中心" if number == 1 else f"{ordinal}中等职业学校",
                "S6": "特殊教育学校" if number == 1 else f"{ordinal}特殊教育学校",
                "S9": f"{area}{school}学校",
            }[stage]
        )
        if name not in taken:
            break
    else:
        name = f"{county}{stage}{len(taken)}校"
    taken.add(name)
    return name
