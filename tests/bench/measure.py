"""Running one thing in a process of its own, so that its peak memory is its own."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Measured:
    value: Any
    seconds: float
    megabytes: float  # peak resident memory of the process


def apart(function: Callable[..., Any], *arguments: Any) -> Measured:
    """What `function` returned, how long it took and its peak memory, in a fresh process without our imports."""
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
    process.join()
    if isinstance(found, BaseException):
        raise found
    return found


def _run(pipe: Any, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
    try:
        start = time.perf_counter()
        value = function(*arguments)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        pipe.send(Measured(value, seconds, peak))
    except BaseException as error:
        pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p95 in milliseconds."""
    p50, p95 = np.percentile(np.asarray(seconds) * 1000, [50, 95])
    return float(p50), float(p95)
