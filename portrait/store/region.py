"""The registry's copy of the code list of places, for joins. Filled when the tables are made; people never edit it."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert

from portrait.place import places
from portrait.store.schema import region


def fill_regions(connection: Connection) -> None:
    """Make the table say what data/code/regions_henan.csv says."""
    connection.execute(delete(region))
    rows = [
        {
            "adcode": place.adcode,
            "name": place.name,
            "parent": place.parent or None,
            "level": place.level,
            "kind": place.kind,
            "province_managed": place.direct,
        }
        for place in places().values()
    ]
    connection.execute(insert(region), rows)
