"""The province before and while things happen: everything drawn from one seed, and the events of one chunk of its teachers."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np

from portrait.record import Kind
from portrait.world.calendar import SPAN, Calendar
from portrait.world.catalogue import Catalogue, CourseArrays, build_catalogue, course_arrays
from portrait.world.choice import Shelf, build_shelf, choose_courses
from portrait.world.classwork import EXPERTS, ClassArrays, attend, class_arrays, rubric_courses
from portrait.world.event import Events, together
from portrait.world.fault import outages
from portrait.world.latent import Latent, build_latent, indicator_ease
from portrait.world.learn import study
from portrait.world.office import ledgers
from portrait.world.people import People, build_people
from portrait.world.provider import Provider, build_providers
from portrait.world.province import Province, build_province
from portrait.world.seat import Quotas, Seats, fill_classes
from portrait.world.showcase import HOME, Showcase, choose_showcase
from portrait.world.training import TrainingClass, build_classes


@dataclass(frozen=True)
class World:
    """Everything about the province that does not depend on single records."""

    calendar: Calendar
    province: Province
    people: People
    providers: tuple[Provider, ...]
    catalogue: Catalogue
    classes: list[TrainingClass]
    quotas: Quotas
    seats: Seats
    showcase: Showcase
    shelf: Shelf
    courses: CourseArrays
    runs: ClassArrays
    ease: np.ndarray
    experts: np.ndarray
    dark: np.ndarray


def build_world(teachers: int, seed: int, today: date, platforms: tuple[float, ...]) -> World:
    """The province without its records."""

    def draw(part: int) -> np.random.Generator:
        return np.random.default_rng([seed, part])

    calendar = Calendar(today)
    province = build_province(draw(1), teachers)
    people = build_people(draw(2), province, today)
    providers = build_providers(draw(3), province, HOME)
    catalogue = build_catalogue(draw(4), providers, platforms)
    classes = build_classes(draw(5), province, people, providers, catalogue, calendar)
    showcase = choose_showcase(province, people, classes)
    quotas, seats = fill_classes(draw(6), province, people, providers, classes, calendar, showcase.seats)
    courses = course_arrays(catalogue)
    return World(
        calendar=calendar,
        province=province,
        people=people,
        providers=providers,
        catalogue=catalogue,
        classes=classes,
        quotas=quotas,
        seats=seats,
        showcase=showcase,
        shelf=build_shelf(draw(7), catalogue, people),
        courses=courses,
        runs=class_arrays(classes, providers, courses, rubric_courses(catalogue.place)),
        ease=indicator_ease(draw(8)),
        experts=draw(9).normal(0, 0.07, EXPERTS),
        dark=outages(draw(10), 3),
    )


def happen(world: World, seed: int, number: int, rows: slice, plain: bool) -> tuple[Latent, Events]:
    """The true levels of a chunk's teachers and everything that happened to them; `plain` leaves rubrics, self-ratings and facts out."""

    def draw(part: int) -> np.random.Generator:
        return np.random.default_rng([seed, part, number])

    first, last = np.searchsorted(world.seats.who, (rows.start, rows.stop))
    mine = Seats(*(getattr(world.seats, f.name)[first:last] for f in fields(Seats)))
    mine = replace(mine, who=mine.who - rows.start)
    latent = build_latent(draw(11), world.people, rows, world.ease)
    in_class = attend(draw(12), mine, world.runs, latent, world.courses, world.experts)
    taken = choose_courses(draw(13), world.people, rows, world.shelf, world.calendar)
    alone = study(draw(14), world.people, rows, latent, world.courses, taken)
    written = ledgers(
        draw(15), world.people, rows, latent, world.courses, world.catalogue.place, world.classes, world.calendar,
        world.experts, plain=plain,
    )  # fmt: skip
    if plain:
        in_class = [part for part in in_class if not (len(part) and part.kind[0] == Kind.RATING)]
    return latent, together([*in_class, *alone, *written], SPAN)
