"""After a decision about who is who: the figures of those it touched are made again, until they hold every decision."""

from __future__ import annotations

from portrait import clock
from portrait.refresh import Progress, RefreshReport, refresh
from portrait.site import Site
from portrait.store.question import newest_decision


def refresh_decided(site: Site, progress: Progress | None = None) -> RefreshReport:
    """A refresh, and another one while somebody has decided something in the meantime."""
    while True:
        began = clock.now()
        report = refresh(site, progress=progress)
        with site.registry.connect() as connection:
            newest = newest_decision(connection)
        if newest is None or newest < began:
            return report
