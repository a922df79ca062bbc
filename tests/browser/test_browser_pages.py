"""Every page of every role in a real browser, on a phone and on a desk."""

import pytest

from dashboards.pages import PAGES
from tests.readers import READERS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("login", list(READERS))
def test_each_role_opens_each_of_its_pages_without_a_fault(watch, size, login):
    role = READERS[login][0]
    mine = [page for page in PAGES if role in page.roles]
    watched = watch(size)
    watched.log_in(login)
    for page in mine:
        watched.open(page.path)
        assert watched.page.locator("#page h1").count() == 1, page.path
        assert watched.page.locator("#page .whole-page").count() == 0, page.path
        assert watched.overflow() <= 0, f"{page.path} 比屏幕宽"
        assert watched.faults == [], page.path
