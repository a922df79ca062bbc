"""An administrator in a real browser: a file goes up, is looked at, taken in; a bad row is mended; an account is added."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import expect

from portrait.intake.door import intake
from portrait.record import Kind
from portrait.scope import scope
from portrait.settings import load_settings
from portrait.site import open_site
from portrait.store.batch import batch_of
from portrait.store.user import actor_of, find_user
from tests.browser.conftest import Served, run
from tests.export import lake_rows
from tests.readers import enlist, settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OFFICE_SHEET = """2022年秋季测评成绩单,,,
继教编号,考试时间,得分,满分
HJ41010100001,8月19日,85,100
HJ41010100002,2022.8.20,９０分,100
HJ41010100003,2022-08-21,77,100
合计,,252,
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    """A little province of its own: what is taken in here is nobody else's."""
    home = tmp_path_factory.mktemp("admin")
    site = open_site(load_settings(home, today=date(2022, 11, 15), threads=4))
    settle(site.registry)
    enlist(site.registry, "admin")
    yield from run(site)


def give(page, *files):
    with page.expect_file_chooser() as chooser:
        page.click("#intake-drop")
    chooser.value.set_files([str(file) for file in files])


def test_a_file_is_previewed_taken_in_and_its_bad_row_mended(watch, size, served, tiny_folder, tmp_path):
    marks = tmp_path / f"成绩-{size}.csv"
    text = (tiny_folder / "yuyan" / "成绩.csv").read_text(encoding="utf-8-sig")
    year = {"phone": "2020-", "desktop": "2021-"}[size]  # no row is the other size's
    marks.write_text(text.replace("2022-", year), encoding="utf-8")
    watched = watch(size)
    watched.log_in("admin")
    page = watched.page
    give(page, marks)
    expect(page.locator(".files li")).to_have_count(1)
    expect(page.locator("#intake-panel")).to_contain_text(
        "读到 8 行，7 行没有问题，1 行会进隔离区并写明原因。"
    )
    expect(page.locator(".sample-bad")).to_contain_text("得分应在 0 到满分之间")
    assert watched.overflow() <= 0

    page.get_by_role("button", name="接入", exact=True).click()
    expect(page.locator("#intake-panel")).to_contain_text("读入 8 = 入库 7 + 重复 0 + 隔离 1")
    expect(page.locator("#intake-ledger")).to_contain_text(marks.name)
    batch = page.locator(".report-head a").get_attribute("href")
    page.get_by_role("button", name="再接入一批").wait_for()
    watched.settle()
    page.get_by_role("link", name="隔离：得分超出满分 1").click()
    expect(page.locator("h1")).to_have_text("隔离区")
    page.locator(".grid").get_by_text("得分“105 / 100”").click()
    drawer = page.locator(".detail-drawer")
    drawer.get_by_label("得分").fill("95")
    drawer.get_by_role("button", name="改正后重放").click()
    expect(drawer).to_contain_text("重放 1 行：入库 1，重复 0，仍不能入库 0。")
    page.keyboard.press("Escape")
    expect(page.locator("#quarantine-list")).to_contain_text("没有符合筛选的行")
    assert watched.overflow() <= 0

    watched.open(batch)
    expect(page.locator("#page")).to_contain_text("读入 8 = 入库 8 + 重复 0 + 隔离 0")
    admin = scope(actor_of(find_user(served.site.registry, "admin")))
    with served.site.registry.connect() as connection:
        taken = batch_of(connection, int(batch.rpartition("=")[2]), admin)
    assert (taken.file, taken.counts.rows_stored, taken.counts.rows_quarantined) == (marks.name, 8, 0)
    watched.open("/intake")
    page.get_by_role("button", name="再接入一批").click()
    expect(page.locator("#intake-panel")).to_contain_text("先选来源，再放文件")


def test_a_sheet_that_nobody_knows_is_corrected_saved_and_taken_in(watch, served, tmp_path):
    sheet = tmp_path / "测评成绩.csv"
    sheet.write_text(OFFICE_SHEET, encoding="gb18030")
    watched = watch()
    watched.log_in("admin")
    page = watched.page
    give(page, sheet)
    page.get_by_role("button", name="不知道选哪个，按表头提出映射").click()
    form = page.locator("#sketch")
    form.get_by_label("列“得分”", exact=True).first.click()
    page.get_by_role("option", name="得分（作业）", exact=True).click()
    expect(form.locator("#sketch-preview")).to_contain_text("作业")
    expect(form.locator("#sketch-preview")).to_contain_text("读到 3 行，3 行没有问题")
    form.locator("input[id*=sketch-name][id*='\"name\"']").fill("ceping")
    page.locator("#sketch-save").click()
    expect(page.locator("#intake-panel")).to_contain_text("读到 3 行，3 行没有问题")
    page.get_by_role("button", name="接入", exact=True).click()
    expect(page.locator("#intake-panel")).to_contain_text("读入 3 = 入库 3 + 重复 0 + 隔离 0")
    number = int(page.locator(".report-head a").get_attribute("href").rpartition("=")[2])
    kinds = [kind for batch, kind in lake_rows(served.site, "batch, kind") if batch == number]
    assert kinds == [Kind.ASSIGNMENT] * 3
    page.get_by_role("button", name="再接入一批").click()
    expect(page.locator("#intake-panel")).to_contain_text("先选来源，再放文件")


def test_files_that_cannot_be_taken_are_told_before_they_go_up(watch, size, tmp_path):
    watched = watch(size)
    watched.log_in("admin")
    picture, empty = tmp_path / "照片.png", tmp_path / "空.csv"
    picture.write_bytes(b"\x89PNG")
    empty.write_bytes(b"")
    give(watched.page, picture, empty)
    told = watched.page.locator("#intake-sending")
    expect(told).to_contain_text("照片.png：不收这种文件")
    expect(told).to_contain_text("空.csv：文件是空的")
    assert watched.overflow() <= 0
    assert watched.page.locator(".files li").count() == 0


def test_what_the_server_refuses_is_told_in_its_words(watch, tmp_path):
    watched = watch()
    watched.log_in("admin")
    disguised = tmp_path / "成绩.csv"
    disguised.write_bytes(b"PK\x03\x04 a workbook")
    give(watched.page, disguised)
    expect(watched.page.locator("#intake-sending")).to_contain_text(
        "应为文本文件，内容却是压缩包或 Excel 工作簿"
    )
    watched.settle()
    watched.faults.clear()  # the 422 is what this is about


def test_the_keyboard_opens_a_batch(watch, served, tiny_folder):
    (report,) = intake(served.site, tiny_folder / "yuyan" / "学习日志.csv", "demo_yuyan", by="t")
    watched = watch()
    watched.log_in("admin")
    page = watched.page
    page.locator("#intake-batches .ag-cell[col-id=file]").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(f"第 {report.batch} 号批次")
    page.go_back()
    expect(page.locator("h1")).to_have_text("数据接入")


def test_nothing_of_a_batch_is_out_of_sight(watch, size, served, tiny_folder):
    (report,) = intake(served.site, tiny_folder / "yuyan" / "学习日志.csv", "demo_yuyan", by="t")
    watched = watch(size)
    watched.log_in("admin")
    listed = watched.page.locator("#intake-batches")
    listed.get_by_text("学习日志.csv").first.wait_for()
    assert watched.cut() == []
    for word in ("读入", "= 入库", "+ 重复", "+ 隔离", "何时", str(report.counts.rows_read)):
        expect(listed).to_contain_text(word)
    listed.get_by_text("学习日志.csv").first.click()
    expect(watched.page.locator("h1")).to_contain_text("号批次")


def test_an_account_is_added_and_its_password_shown_once(watch, size):
    watched = watch(size)
    watched.log_in("admin", "/users")
    page = watched.page
    page.click("#user-add")
    page.fill("#user-login", f"kaifeng-{size}")
    page.locator("#user-role").click()
    page.get_by_role("option", name="市县教育局", exact=True).click()
    page.get_by_role("textbox", name="市县", exact=True).fill("开封市")
    page.get_by_role("option", name="开封市（410200）").click()
    page.click("#user-save")
    expect(page.locator("#user-said code")).to_have_text(re.compile(r"^[a-z2-9]{4}(-[a-z2-9]{4}){3}$"))
    assert watched.overflow() <= 0
    page.keyboard.press("Escape")
    expect(page.locator("#user-list")).to_contain_text(f"kaifeng-{size}")
    page.click("#user-add")
    expect(page.locator("#user-said")).to_be_empty()
