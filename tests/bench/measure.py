"""Running one thing in a process of its own, so that its time is its own and its peak memory too."""

from __future__ import annotations

import multiprocessing
import re
import resource
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Work:
    """How much was done in how long; opening modules and files for the first time is left out of `seconds`."""

    amount: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.amount / self.seconds


@dataclass(frozen=True)
class Measured:
    value: Any
    megabytes: float  # peak resident memory of the process


@dataclass(frozen=True)
class Pair:
    """Several runs of ours and of the baseline, in turn."""

    ours: Sequence[Measured]
    baseline: Sequence[Measured]


def in_turn(
    runs: int,
    ours: Callable[[int], Measured],
    baseline: Callable[[int], Measured],
    tell: Callable[[float], None] = lambda _share: None,
) -> Pair:
    """One and the other, so that what the machine does besides falls on both."""
    first: list[Measured] = []
    second: list[Measured] = []
    for run in range(runs):
        first.append(ours(run))
        tell((run + 0.5) / runs)
        second.append(baseline(run))
        tell((run + 1) / runs)
    return Pair(first, second)


def median(measured: Sequence[Measured], of: Callable[[Measured], float]) -> float:
    return statistics.median(of(one) for one in measured)


def apart(function: Callable[..., Any], *arguments: Any) -> Measured:
    """What `function` returned and its peak memory, in a fresh process without our imports."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(there, function, arguments))
    process.start()
    there.close()
    try:
        found: Measured | BaseException = here.recv()
    except EOFError as error:
        process.join()
        raise RuntimeError(f"{function.__name__} ended with {process.exitcode}") from error
    except BaseException:
        process.terminate()
        raise
    finally:
        process.join()
        here.close()
    if isinstance(found, BaseException):
        raise found
    return found


def _run(pipe: Any, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
    try:
        value = function(*arguments)
        pipe.send(Measured(value, peak("self")))
    except BaseException as error:
        pipe.send(RuntimeError(f"{function.__name__}: {type(error).__name__}: {error}"))


def peak(process: int | str) -> float:
    """Peak resident memory of a process in MB, NaN where the system does not tell of another process."""
    # Not getrusage where it can be helped: a child begins with the peak of the process that started it.
    status = Path(f"/proc/{process}/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(found[1]) / 1024 if found else float("nan")
    if process != "self":
        return float("nan")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p95 in milliseconds."""
    p50, p95 = np.percentile(np.asarray(seconds) * 1000, [50, 95])
    return float(p50), float(p95)
