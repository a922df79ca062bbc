"""A job on a page: how far it is, that one may leave, and the clock that asks again while something runs."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboards.job import Job
from dashboards.language import gettext
from dashboards.part.card import card
from dashboards.part.number import progress

SECOND = 1000


def job_card(job: Job, title: str) -> Any:
    """A running job. Where the share is not known yet, the bar stays empty and the words move."""
    return card(
        title,
        gettext("可以离开这一页，回来时接着看。"),
        html.Div(
            progress(job.share, 1.0, gettext(job.text) or gettext("正在开始…")),
            role="status",
            className="job",
            **{"aria-live": "polite"},
        ),
        icon_name="refresh",
    )


def ticker(id: str, running: bool) -> Any:
    """Ticks once a second; a callback stops it (`disabled`) when nothing runs any more."""
    return dcc.Interval(id=id, interval=SECOND, disabled=not running)
