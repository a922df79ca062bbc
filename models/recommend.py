"""What is recommended to one teacher now: the supermarket's open courses, the portrait's gaps and the courses taken, brought together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.card import fitted, load
from models.recommendation import Candidate, Learner, Recommendation, Taste, rank
from models.recommender import NAME, VERSION, Recommender
from portrait.errors import NotFound
from portrait.lake.history import enrolled
from portrait.reading import portrait_of
from portrait.site import Site
from portrait.standard import standard_of
from portrait.store.name import accounts_of, alignments_of, meant_courses
from portrait.store.study import answers, shelf, teacher

AWAY = ("take", "no")  # answers after which a course is not offered again


def recommend_for(site: Site, person_id: int, k: int = 6) -> list[Recommendation]:
    """At most `k` courses for a teacher, best first. Who may ask is decided before (portrait.store.person.who).

    Before a model is fitted the other parts decide alone; one that is there and cannot be used raises ModelUnusable.
    """
    who = teacher(site.registry, person_id)
    if who is None:
        raise NotFound("没有人员 {number}", number=person_id)
    said = {course: answer for course, (answer, _) in answers(site.registry, person_id).items()}
    taken = enrolled(site.pool).of(accounts_of(site.registry, [person_id]))
    meant = meant_courses(site.registry, taken)
    past = list(dict.fromkeys(meant[course] for course in taken))
    past += [course for course, answer in said.items() if answer == "take" and course not in past]
    away = {*past, *(course for course, answer in said.items() if answer in AWAY)}
    aligned = alignments_of(site.registry, past)
    learner = Learner(
        standard_of(who.title).level,
        who.stage,
        who.subjects,
        portrait_of(site, person_id).estimates,
        tuple(tuple(aligned.get(course, {}).items()) for course in past),
        taste(load(site.models, NAME, VERSION)[0], past, who.stage) if fitted(site.models, NAME) else Taste(),
    )
    candidates = [
        Candidate(course.id, course.aligned, course.stages, course.subjects, course.level_from)
        for course in shelf(site.registry, site.today)
        if course.id not in away
    ]
    return rank(candidates, learner, k)


def taste(model: Recommender, past: Sequence[int], stage: str) -> Taste:
    """What a fitted model says of a teacher: by history where it knows one of the past courses, else what is popular in the stage."""
    items = model.items_.tolist()
    if np.isin(model.items_, np.asarray(past, dtype=np.int64)).any():
        scores = model.scores(past).tolist()
        return Taste(
            "history",
            dict(zip(items, scores, strict=True)),
            lambda course: model.explain(past, course),
        )
    popular = model.popular(stage)
    if not popular.learners:
        return Taste()
    count = popular.count.astype(int).tolist()
    return Taste(
        "popular",
        {item: n / popular.learners for item, n in zip(items, count, strict=True)},
        group=popular.group,
        count=dict(zip(items, count, strict=True)),
        of=popular.learners,
    )
