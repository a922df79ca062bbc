"""Every page of every role in a real browser, on a phone and on a desk."""

import pytest

from dashboards.pages import PAGES
from portrait.scope import scope
from portrait.store.answer import prefer
from portrait.store.user import actor_of, find_user
from tests.readers import READERS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


# Two of a role see the same pages, and who sees what is tried elsewhere.
ONE_OF_EACH = {role: login for login, (role, _) in reversed(READERS.items())}


@pytest.mark.parametrize("login", ONE_OF_EACH.values())
def test_each_role_opens_each_of_its_pages_without_a_fault(watch, login):
    role = READERS[login][0]
    mine = [page for page in PAGES if role in page.roles]
    watched = watch("phone")
    watched.log_in(login)
    for page in mine:
        watched.open(page.path)
        assert watched.page.locator("#page h1").count() == 1, page.path
        assert watched.page.locator("#page .whole-page").count() == 0, page.path
        for size in ("phone", "desktop"):
            watched.resize(size)
            assert watched.overflow() <= 0, f"{page.path} 比屏幕宽（{size}）"
            assert watched.cut() == [], f"{page.path} 有看不见的列（{size}）"
        assert watched.faults == [], page.path
        watched.resize("phone")


def seen_by() -> dict[str, list[str]]:
    """Each page once, with a reader who has it: those who have most come first."""
    left, chosen = {page.path: page.roles for page in PAGES}, {}
    for login in sorted(READERS, key=lambda login: -sum(READERS[login][0] in page.roles for page in PAGES)):
        if mine := [path for path, roles in left.items() if READERS[login][0] in roles]:
            chosen[login] = mine
            left = {path: roles for path, roles in left.items() if path not in mine}
    assert not left
    return chosen


@pytest.mark.parametrize(("login", "paths"), seen_by().items())
def test_english_needs_no_more_room_than_a_phone_has(watch, served, login, paths):
    registry = served.site.registry
    reader = scope(actor_of(find_user(registry, login)))
    prefer(registry, reader, "language", "en")
    try:
        watched = watch("phone")
        watched.log_in(login)
        assert watched.page.locator("html").get_attribute("lang") == "en"
        for path in paths:
            watched.open(path)
            assert watched.overflow() <= 0, f"{path} is wider than the screen"
    finally:
        prefer(registry, reader, "language", "zh")
