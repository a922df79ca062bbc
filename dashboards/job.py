"""Long work that a reader may leave and come back to: the jobs of this process, each with its progress, result or error.

They live in memory: after a restart what was half done is taken up by running it again, as intake and refresh allow.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock, Thread, enumerate
from typing import Any

from dashboards.incident import incident
from dashboards.language import gettext
from portrait.errors import PortraitError

_THREAD = "job "  # and the job's name
Tell = Callable[[str, float], None]  # what is being done, and how much of the whole is behind (0..1)


@dataclass
class Job:
    """One job. Its own thread writes it, requests only read it."""

    name: str
    by: str
    started: datetime
    text: str = ""
    share: float = 0.0
    result: Any = None
    error: str = ""
    code: str = ""  # of the error: portrait/errors.py, or an incident's number
    _over: Event = field(default_factory=Event, repr=False)

    @property
    def running(self) -> bool:
        return not self._over.is_set()

    def wait(self, seconds: float) -> bool:
        """Whether the job is over, at the latest after `seconds`."""
        return self._over.wait(seconds)

    def tell(self, text: str, share: float) -> None:
        self.text, self.share = text, min(1.0, max(0.0, share))

    def run(self, work: Callable[[Tell], Any]) -> None:
        try:
            self.result = work(self.tell)
        except PortraitError as error:
            self.error, self.code = error.message, error.code
        except Exception as error:
            self.code = incident(error, f"in the job {self.name}")
            self.error = gettext("问题已经记录，编号 {number}。", number=self.code)
        finally:
            self._over.set()


def at_work() -> bool:
    """Whether a job of any app in this process is running."""
    return any(one.name.startswith(_THREAD) for one in enumerate())


class Jobs:
    """The jobs of one app, by name; the last one of a name is remembered until it is forgotten."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._jobs: dict[str, Job] = {}

    def find(self, name: str) -> Job | None:
        return self._jobs.get(name)

    def running(self, name: str) -> bool:
        job = self.find(name)
        return job is not None and job.running

    def start(self, name: str, work: Callable[[Tell], Any], *, by: str, now: datetime) -> Job:
        """The job of this name, at work: a new one, or the one that is still running (a second click starts nothing)."""
        with self._lock:
            known = self._jobs.get(name)
            if known is not None and known.running:
                return known
            job = self._jobs[name] = Job(name, by, now)
        # The reader's language goes along, so that what the job says is said in it.
        context = copy_context()
        Thread(target=context.run, args=(job.run, work), daemon=True, name=f"{_THREAD}{name}").start()
        return job

    def forget(self, name: str) -> None:
        """Drops what a finished job left; a running one stays."""
        with self._lock:
            job = self._jobs.get(name)
            if job is not None and not job.running:
                del self._jobs[name]
