"""Statements on their way into the portraits, every few minutes, while a site is served."""

from __future__ import annotations

import logging
from threading import Event, Thread

from portrait.errors import LakeBusy, PortraitError
from portrait.identity import hidden
from portrait.intake.forward import forward
from portrait.refresh import awaited, refresh
from portrait.site import Site

PATIENCE = 30.0  # seconds

log = logging.getLogger("portrait")


class Forwarder:
    """Takes what the learning record store received into the lake and refreshes whom it touches, until it is closed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._over = Event()
        self._owed: bool | None = None  # a refresh for what is in already; not known before the first round
        self._thread = Thread(target=self._run, name="forwarder", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(self._site.settings.xapi_minutes * 60):
            self.once()

    def once(self) -> None:
        """One round. What goes wrong is logged and tried again the next time."""
        failures: list[PortraitError] = []
        try:
            if self._owed is None:  # another process may have been stopped between taking in and the refresh
                self._owed = awaited(self._site)
            self._owed = bool(forward(self._site, by="xapi", failures=failures)) or self._owed
            if self._owed:
                refresh(self._site)
                self._owed = False
        except LakeBusy:
            log.info("another process is writing the lake; the portraits wait")
        except Exception:
            log.exception("statements could not be taken in")
        for error in failures:
            log.warning("statements could not be taken in: %s", hidden(str(error)))

    def close(self) -> None:
        """No further round is begun; one that is under way has a while to end."""
        self._over.set()
        self._thread.join(PATIENCE)
