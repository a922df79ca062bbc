"""Names of places before a reader: Chinese in every language, but for the words that stand where no place is given."""

from __future__ import annotations

from dashboards.language import gettext
from portrait import place


def place_name(adcode: str) -> str:
    return place.place_name(adcode) if adcode else gettext(place.NOWHERE)
