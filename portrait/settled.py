"""After a decision about who is who: the figures of those it touched are made again, until they hold every decision."""

from __future__ import annotations

from datetime import datetime

from portrait.refresh import Progress, RefreshReport, refresh
from portrait.site import Site
from portrait.store.question import newest_decision


def refresh_decided(site: Site, progress: Progress | None = None) -> RefreshReport:
    """A refresh, and another one while somebody has decided something in the meantime."""
    held = _newest(site)
    while True:
        report = refresh(site, progress=progress)
        before, held = held, _newest(site)
        if held == before:
            return report


def _newest(site: Site) -> datetime | None:
    with site.registry.connect() as connection:
        return newest_decision(connection)
