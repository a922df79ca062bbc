"""Which decisions on sign-ins and school-based study hold: those that are about what the record says now. Corrected to say something
else it waits again, for nobody has seen that."""

from __future__ import annotations

from portrait.lake.content import SAID_RUN, facts_sql
from portrait.site import Site
from portrait.store.claim import Decided, decided_records


def split(
    site: Site, decided: dict[bytes, Decided], *, among: str = "record"
) -> tuple[dict[bytes, Decided], dict[bytes, Decided]]:
    """Of these decisions those that hold, and those whose record says something else now. Of a record that does not count at all
    neither can be said: it holds. `among` is the relation in which the lake holds them."""
    about = sorted(record for record, one in decided.items() if one.facts is not None)
    if not about:
        return decided, {}
    rows = site.pool.kept(
        f"SELECT id, {facts_sql(run=SAID_RUN)} FROM {among} WHERE id IN (SELECT unnest(?::BLOB[]))", [about]
    )
    stale = {bytes(record) for record, facts in rows if decided[bytes(record)].facts != bytes(facts)}
    return (
        {record: one for record, one in decided.items() if record not in stale},
        {record: one for record, one in decided.items() if record in stale},
    )


def confirmed_records(site: Site) -> set[bytes]:
    """The records that somebody has confirmed, as they are now."""
    holding, _ = split(site, decided_records(site.registry))
    return {record for record, one in holding.items() if one.state == "confirmed"}
