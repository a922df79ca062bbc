"""Portraits, charts and figures with data behind them in a real browser: a small demo province, taken in and fitted."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select, update

from dashboards.pages import PAGES
from portrait.cli.guest import guests
from portrait.store.schema import trainee, training_class, user
from tests.browser.conftest import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# The pages that draw; no other page of these readers has a chart.
DRAWN = {"/portrait", "/growth", "/trainer/portrait", "/trainer/effect", "/office", "/bureau"}


@pytest.fixture(scope="module")
def fullest(portrayed: Served) -> int:
    """The ended class that most people came to; the demo's trainer runs it. Fewer than ten show no portrait, a running class no gain."""
    came = func.count(trainee.c.checked_in)
    with portrayed.site.registry.begin() as connection:
        chosen = connection.execute(
            select(training_class.c.id, training_class.c.provider_id)
            .join(trainee, trainee.c.class_id == training_class.c.id)
            .where(training_class.c.ends < portrayed.site.today)
            .group_by(training_class.c.id, training_class.c.provider_id)
            .order_by(came.desc(), training_class.c.id)
        ).first()
        assert chosen is not None
        connection.execute(
            update(user).where(user.c.login == "trainer").values(provider_id=chosen.provider_id)
        )
    return int(chosen.id)


@pytest.fixture(scope="module")
def served(portrayed: Served, fullest: int) -> Iterator[Served]:
    return portrayed


@pytest.fixture
def enter(watch, size, served):
    """Signs a guest of the demo in on a screen of the size."""

    def start(login):
        guest = next(one for one in guests(served.site.settings.home) if one.login == login)
        watched = watch(size)
        watched.log_in(login, password=guest.password)
        return watched, [page.path for page in PAGES if guest.role in page.roles]

    return start


@pytest.mark.parametrize("login", ["teacher", "trainer", "province", "city", "school"])
@pytest.mark.parametrize("size", ["phone"])
def test_each_page_draws_its_data_without_a_fault(enter, fullest, login):
    watched, paths = enter(login)
    for path in paths:
        watched.open(f"{path}?class={fullest}" if path.startswith("/trainer/") else path)
        assert watched.page.locator("#page h1").count() == 1, path
        assert watched.page.locator("#page .whole-page").count() == 0, path
        for screen in ("phone", "desktop"):
            watched.resize(screen)
            assert (watched.drawn() > 0) is (path in DRAWN), path
            assert watched.overflow() <= 0, f"{path} 比屏幕宽（{screen}）"
        assert watched.faults == [], path
        watched.resize("phone")


def test_the_level_of_a_dimension_opens_to_its_sum_and_its_records(enter):
    watched, _ = enter("teacher")
    page = watched.page
    page.locator("#dimension-P3 .mantine-Accordion-control").click()
    page.locator("#dimension-P3 .opener").first.click()
    drawer = page.locator(".detail-drawer")
    expect(drawer.locator(".sum")).to_contain_text(re.compile(r"^\d+(\.\d)? = 起点 "))
    expect(drawer.locator(".items li").first).to_contain_text("权重")
    assert drawer.locator(".items li").count() > 1
    assert watched.overflow() <= 0


def test_the_figure_of_a_requirement_opens_to_the_days_it_came_from(enter):
    watched, _ = enter("teacher")
    figure = watched.page.locator(".strip-tile .opener").first
    figure.click()
    drawer = watched.page.locator(".detail-drawer")
    expect(drawer.locator(".sum")).to_contain_text(figure.locator(".value").inner_text())
    expect(drawer).to_contain_text("条计入")
    assert watched.overflow() <= 0


@pytest.mark.parametrize("login", ["province", "city"])
def test_a_rate_opens_to_what_it_was_counted_from(enter, login):
    watched, _ = enter(login)
    watched.page.locator(".opener[id*=arrived]").first.click()
    drawer = watched.page.locator(".detail-drawer .definition")
    expect(drawer).to_contain_text("怎么算")
    expect(drawer.locator("tbody tr").first).to_be_visible()
    assert watched.overflow() <= 0
