"""The frame around the pages, as a reader meets it: keyboard, phone menu, language, session's end, paper."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_login_form_works_without_scripts(browser, served):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served.address}/login?next=/healthz")
    page.fill("#login", "teacher")
    page.fill("#password", "wrong")
    page.click("button[type=submit]")
    assert page.locator("[role=alert]").inner_text() == "登录名或密码不对。"
    context.close()


def test_the_phone_menu_opens_leads_on_and_closes(watch):
    watched = watch("phone")
    watched.log_in("admin", "/own")
    assert not watched.page.locator(".side").is_visible()
    watched.page.click("#burger")
    menu = watched.page.get_by_role("dialog")
    menu.wait_for()
    watched.page.keyboard.press("Escape")
    menu.wait_for(state="hidden")


def test_the_keyboard_reaches_the_content_first(watch):
    watched = watch()
    watched.log_in("teacher", "/own")
    watched.page.evaluate("document.activeElement.blur()")
    watched.page.keyboard.press("Tab")
    assert watched.page.evaluate("document.activeElement.className") == "skip"
    watched.page.keyboard.press("Enter")
    assert watched.page.evaluate("document.activeElement.id") == "page"


def test_the_language_switch_is_remembered_by_the_account(watch):
    watched = watch()
    watched.log_in("school", "/own")
    with watched.page.expect_navigation():
        watched.page.locator(".language").get_by_text("EN").click()
    watched.settle()
    assert watched.page.locator("html").get_attribute("lang") == "en"
    with watched.page.expect_navigation():
        watched.page.locator(".language").get_by_text("中文").click()
    watched.settle()
    assert watched.page.locator("html").get_attribute("lang") == "zh-CN"


def test_signing_out_leads_to_the_form_and_says_so(watch):
    watched = watch()
    watched.log_in("trainer", "/own")
    watched.page.locator(".user").click()
    watched.page.get_by_text("退出登录").click()
    watched.page.wait_for_url("**/login?left=1")
    assert watched.page.locator("[role=status]").inner_text() == "您已退出。"


def test_when_the_session_has_ended_the_next_click_leads_to_the_form_and_back(watch, served):
    from portrait.store.session import end_sessions
    from portrait.store.user import find_user

    watched = watch()
    watched.log_in("bureau", "/own")
    end_sessions(served.site.registry, find_user(served.site.registry, "bureau").id)
    watched.page.click("#own-end")
    watched.page.wait_for_url("**/login?next=%2Fown")
    watched.faults.clear()  # the 401 is what this is about


def test_on_paper_the_frame_is_gone_and_the_content_stays(watch):
    watched = watch()
    watched.log_in("office", "/own")
    watched.page.emulate_media(media="print")
    assert not watched.page.locator(".bar-top").is_visible()
    assert not watched.page.locator(".side").is_visible()
    assert watched.page.locator("#page h1").is_visible()


def test_a_path_that_leads_nowhere_shows_a_page_of_ours(watch):
    watched = watch("phone")
    watched.log_in("teacher", "/own")
    watched.open("/nowhere")
    assert watched.page.locator("#page h1").inner_text() == "没有这个页面"
    assert watched.overflow() <= 0
    watched.faults.clear()  # the 404 is what this is about


def test_a_day_may_be_written_as_people_write_it(watch):
    opened = watch()
    opened.log_in("teacher", "/study")
    field = opened.page.locator("#study-day")
    for text, leave in (("2022年8月9日", "Tab"), ("２０２２年８月１９", "Tab"), ("20220809", "Enter")):
        field.fill("")
        field.click()
        opened.page.keyboard.type(text)
        opened.page.keyboard.press(leave)
        expect(field).to_have_value("2022-08-19" if "１" in text else "2022-08-09")
