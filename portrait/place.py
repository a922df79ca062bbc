"""The places of Henan as the code list has them. Who reports to whom is not who lies in whom: a 省直管县 reports to the province."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from portrait.resource import read_code

PROVINCE = "410000"
NOWHERE = "未填地区"


@dataclass(frozen=True)
class Place:
    adcode: str
    name: str
    parent: str
    level: str  # province | prefecture | county
    kind: str
    direct: bool  # 省直管县: reports to the province


@cache
def places() -> dict[str, Place]:
    """All places by adcode, in the order of the code list."""
    return {
        code: Place(
            code,
            row["name"],
            row["parent"],
            row["level"],
            row["kind"],
            row["province_managed_county"].startswith("1"),
        )
        for code, row in read_code("regions_henan").items()
    }


@cache
def cities() -> tuple[Place, ...]:
    """The 17 省辖市 and 济源示范区."""
    return tuple(place for place in places().values() if place.level == "prefecture")


@cache
def direct_counties() -> tuple[Place, ...]:
    return tuple(place for place in places().values() if place.direct)


def unit_of(adcode: str) -> str:
    """The unit that answers for a place before the province: its city, or itself when it is a city or 省直管县.

    A code that the list does not hold answers for itself, so that nothing falls out of a sum.
    """
    place = places().get(adcode)
    if place is None or place.level != "county" or place.direct:
        return adcode
    return place.parent


@cache
def counties_of(unit: str) -> tuple[Place, ...]:
    """The places a reporting unit answers for, itself first."""
    own = (places()[unit],) if unit in places() else ()
    return own + tuple(p for p in places().values() if p.adcode != unit and unit_of(p.adcode) == unit)


def place_name(adcode: str) -> str:
    """The name; the bare code when the list does not hold it; words for no place at all."""
    if not adcode:
        return NOWHERE
    place = places().get(adcode)
    return place.name if place else adcode
