"""The sixty invented training providers, how well each teaches and how strictly each marks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from portrait.place import cities
from portrait.world.province import Province
from portrait.world.words import names

UNIVERSITY, CENTRE, CITY, COUNTY = "高等院校", "教师发展机构", "市级教师发展中心", "县级教师进修学校"
_COUNT = {UNIVERSITY: 22, CENTRE: 12, CITY: 12, COUNTY: 14}
_PREFIX = ("中豫", "嵩川")
_KIND_OF_NAME = ("师范学院", "师范大学", "教育学院", "大学教师教育学院")


@dataclass(frozen=True)
class Provider:
    """`effect` multiplies what trainees gain; `severity` is added to every mark given; `region` is where it is at home."""

    code: str
    name: str
    kind: str
    region: str
    effect: float
    severity: float
    care: float  # how well it keeps trainees: moves check-in and completion


def build_providers(rng: np.random.Generator, province: Province, home: str) -> tuple[Provider, ...]:
    """Sixty providers; one of the county schools is in county `home`."""
    words = list(names()["provider_words"])
    towns = [place.name.removesuffix("市") for place in cities()]
    counties = [home, *_others(rng, province, home)]
    providers: list[Provider] = []
    for kind, count in _COUNT.items():
        for place in range(count):
            word = words[(place + 5 * len(kind)) % len(words)]
            if kind == UNIVERSITY:
                name, region = (
                    f"{_PREFIX[place // len(words)]}{word}{_KIND_OF_NAME[place % len(_KIND_OF_NAME)]}",
                    "",
                )
            elif kind == CENTRE:
                name, region = f"{word}教师专业发展研究中心", ""
            elif kind == CITY:
                name, region = f"{towns[place]}{word}教师发展中心", cities()[place].adcode
            else:
                region = counties[place]
                name = f"{province.counties[province.county(region)].name}{word}教师进修学校"
            effect = max(0.0, float(rng.normal(1.0, 0.45)))
            providers.append(
                Provider(
                    f"CX{len(providers) + 1:03d}",
                    name,
                    kind,
                    region,
                    effect,
                    float(rng.normal(0, 0.03)),
                    float(rng.normal(0, 0.35)),
                )
            )
    return tuple(providers)


def _others(rng: np.random.Generator, province: Province, home: str) -> list[str]:
    codes = [place.adcode for place in province.counties if place.adcode != home]
    return [str(code) for code in rng.choice(codes, _COUNT[COUNTY] - 1, replace=False)]
