"""The portrait of a group of teachers whom a reader may count: read from the lake, held against each one's own standard."""

from __future__ import annotations

from collections.abc import Sequence

from portrait.cohort import Cohort, cohort, held
from portrait.evidence import evidence_rule
from portrait.framework import Node, dimensions
from portrait.reading import dimension_levels
from portrait.scope import Scope
from portrait.site import Site
from portrait.standard import standard_of
from portrait.store.trainee import titles


def group_portrait(
    site: Site, scope: Scope, class_id: int | None = None, nodes: Sequence[Node] | None = None
) -> Cohort:
    """Of a class's trainees, or of everybody the reader may count; over the dimensions unless `nodes` are given.

    Hidden below the small-cell setting.
    """
    rule = evidence_rule()
    standards = {
        person: standard_of(title).level for person, title in titles(site.registry, scope, class_id).items()
    }
    floor = site.settings.small_cell
    levels = held(dimension_levels(site, list(standards))) if len(standards) >= floor else {}
    return cohort(
        levels,
        standards,
        nodes if nodes is not None else list(dimensions().values()),
        [band.low for band in rule.bands],
        floor=floor,
        level=rule.interval,
    )
