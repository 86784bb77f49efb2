"""Manual, chapters 2.4.1 and 2.4.2: each numbered step of the address book, in a browser.

One story, told in order: each test goes on where the one before it ended.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.conftest import Platform, Visitor, visitors

OWNER = "jincheng"


@pytest.fixture(scope="module")
def come(browser: Browser, platform: Platform) -> Iterator[Callable[..., Visitor]]:
    with visitors(browser, platform) as come:
        yield come


@pytest.fixture(scope="module")
def clerk(come: Callable[..., Visitor]) -> Visitor:
    visitor = come()
    visitor.sign_in(OWNER)
    return visitor


@pytest.fixture
def page(clerk: Visitor) -> Iterator[Page]:
    """通讯录, opened by the left menu; the browser complained about nothing."""
    clerk.complaints.clear()
    clerk.page.get_by_role("navigation", name="主菜单").get_by_role("link", name="通讯录").click()
    yield clerk.page
    assert [said for said in clerk.complaints if " 422 " not in said] == []  # forms to be mended


# What people do, in few words --------------------------------------------------------------------


def add_contact(page: Page, phone: str, name: str, **fields: str) -> None:
    """One: 添加联系人. Two: fill in. Three: 提交."""
    page.get_by_role("link", name="添加联系人").first.click()
    page.get_by_label("手机号").fill(phone)
    page.get_by_label("姓名").fill(name)
    for label, text in fields.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="提交").click()


def add_group(page: Page, name: str, under: str = "") -> None:
    if under:
        choose(page, under, "添加分组")
    else:
        page.locator(".tree-tools").get_by_role("link", name="添加分组").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("组名称").fill(name)
    dialog.get_by_role("button", name="添加").click()


def choose(page: Page, group: str, what: str) -> None:
    """Open a group's menu in the tree and choose a line of it."""
    page.get_by_role("button", name=f"管理分组{group}", exact=True).click()
    page.locator(".branch-menu").get_by_role("link", name=what).click()


def branch(page: Page, name: str) -> Locator:
    return page.locator(".branch", has=page.get_by_text(name, exact=True))


def open_group(page: Page, name: str) -> None:
    branch(page, name).get_by_role("link").click()
    expect(branch(page, name)).to_have_class(re.compile("is-current"))


def row(page: Page, text: str) -> Locator:
    return page.locator("tbody tr", has_text=text)


def tick(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("checkbox", name=f"选择{name}", exact=True).check()
    expect(page.locator("[data-pick-count]")).to_have_text(f"已选 {len(names)} 项")


def told(page: Page, sentence: str) -> None:
    expect(page.locator(".toast-note", has_text=sentence).first).to_be_visible()


# 2.4.1 管理通讯录中的联系人 -----------------------------------------------------------------------


def test_1_a_contact_is_added(page: Page) -> None:
    add_contact(page, "13500010001", "测试甲", 单位="云栖路驿站", 职位="前台", 备注="老客户")
    told(page, "联系人已添加")
    added = row(page, "13500010001")
    for words in ("测试甲", "云栖路驿站", "前台", "老客户"):
        expect(added).to_contain_text(words)


def test_1_number_and_name_are_needed_and_a_number_stands_once(page: Page) -> None:
    add_contact(page, "", "")
    expect(page.locator(".errorlist")).to_have_count(2)
    page.get_by_label("手机号").fill("13500010001")
    page.get_by_label("姓名").fill("另一位")
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".has-errors")).to_contain_text("已有该手机号的联系人")
    expect(page.get_by_label("姓名")).to_have_value("另一位")


def test_2_contacts_are_put_into_a_group(page: Page) -> None:
    add_contact(page, "13500010002", "测试乙")
    add_group(page, "测试分组")
    told(page, "分组“测试分组”已添加")
    branch(page, "全部联系人").get_by_role("link").click()
    tick(page, "测试甲", "测试乙")  # one: choose one or more contacts
    page.get_by_role("button", name="添加至分组").click()  # two
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("将 2 个联系人添加至分组")
    dialog.get_by_role("checkbox", name=re.compile("测试分组")).check()  # three: choose the group
    dialog.get_by_role("button", name="添加至分组").click()
    told(page, "2 个联系人已在所选分组中")
    expect(branch(page, "测试分组")).to_contain_text("(2 / 2)")
    open_group(page, "测试分组")
    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_search_finds_by_number_name_and_initials(page: Page) -> None:
    for text in ("测试乙", "13500010002", "0002", "csy"):
        page.get_by_role("searchbox", name="手机号、姓名或姓名拼音首字母").fill(text)
        expect(row(page, "测试乙")).to_be_visible()
        expect(row(page, "测试甲")).to_have_count(0)


def test_a_contact_is_edited(page: Page) -> None:
    row(page, "测试乙").get_by_role("link", name="编辑").click()
    page.get_by_label("生日").fill("1990年12月12日")
    page.get_by_label("性别").select_option("女")
    page.get_by_role("button", name="保存").click()
    told(page, "联系人已保存")
    expect(row(page, "测试乙")).to_contain_text("1990-12-12")


def test_3_a_contact_is_deleted(page: Page) -> None:
    row(page, "测试乙").get_by_role("link", name="删除").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("删除联系人测试乙？")
    dialog.get_by_role("button", name="删除").click()
    told(page, "联系人已删除")
    expect(row(page, "测试乙")).to_have_count(0)
    expect(branch(page, "测试分组")).to_contain_text("(1 / 1)")


def test_4_contacts_are_deleted_together(page: Page) -> None:
    add_contact(page, "13500010003", "测试丙")
    add_contact(page, "13500010004", "测试丁")
    tick(page, "测试丙", "测试丁")
    page.get_by_role("button", name="批量删除").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("删除 2 个联系人？")
    dialog.get_by_role("button", name="删除").click()
    told(page, "已删除 2 个联系人")
    expect(row(page, "测试丙")).to_have_count(0)


# 2.4.2 管理通讯录中的联系人分组 -------------------------------------------------------------------


def test_1_a_group_is_added_under_another_and_a_name_stands_once(page: Page) -> None:
    add_group(page, "测试下级", under="测试分组")
    told(page, "分组“测试下级”已添加")
    add_group(page, "测试分组")
    expect(page.locator(".has-errors")).to_contain_text("同级已有同名分组")


def test_counts_of_the_tree_reach_down(page: Page) -> None:
    open_group(page, "测试下级")
    page.get_by_role("link", name="添加联系人").first.click()
    page.get_by_label("手机号").fill("13500010005")
    page.get_by_label("姓名").fill("测试戊")
    page.get_by_role("button", name="提交").click()
    expect(branch(page, "测试下级")).to_contain_text("(1 / 1)")
    expect(branch(page, "测试分组")).to_contain_text("(1 / 2)")
    open_group(page, "测试分组")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("仅本组").select_option("包含下级分组")
    expect(page.locator("tbody tr")).to_have_count(2)


def test_contacts_leave_a_group_and_stay_in_the_book(page: Page) -> None:
    open_group(page, "测试分组")  # one: choose a group
    tick(page, "测试甲")  # two: choose one or more contacts
    page.get_by_role("button", name="从分组中移除").click()  # three
    page.get_by_role("dialog").get_by_role("button", name="从分组中移除").click()
    told(page, "已将 1 个联系人移出分组")
    expect(branch(page, "测试分组")).to_contain_text("(0 / 1)")
    branch(page, "全部联系人").get_by_role("link").click()
    expect(row(page, "测试甲")).to_be_visible()


def test_3_a_group_is_renamed(page: Page) -> None:
    choose(page, "测试下级", "修改组名")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("组名称").fill("测试改名")
    dialog.get_by_role("button", name="保存").click()
    told(page, "组名已修改")
    expect(branch(page, "测试改名")).to_be_visible()


def test_2_a_group_is_deleted_with_those_under_it_and_nobody_is_lost(page: Page) -> None:
    choose(page, "测试分组", "删除分组")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("其下的 1 个分组也将一并删除")
    dialog.get_by_role("button", name="删除分组").click()
    told(page, "已删除 2 个分组")
    expect(branch(page, "测试分组")).to_have_count(0)
    expect(row(page, "测试戊")).to_be_visible()


# Who only looks on, and smaller screens ----------------------------------------------------------


def test_a_viewer_sees_masked_numbers_and_nothing_to_press(come: Callable[..., Visitor]) -> None:
    viewer = come()
    viewer.sign_in("yunqi-viewer")
    viewer.go("/contacts/")
    numbers = viewer.page.locator(".contact-phone")
    expect(numbers.first).to_have_text(re.compile(r"^1\d{2}\*{4}\d{4}$"))
    for name in ("编辑", "删除", "添加联系人", "添加分组"):
        expect(viewer.page.locator("main").get_by_role("link", name=name)).to_have_count(0)
    assert viewer.complaints == []


def test_on_a_phone_the_tree_opens_and_a_group_is_chosen(come: Callable[..., Visitor]) -> None:
    clerk = come("phone")
    clerk.sign_in(OWNER)
    clerk.go("/contacts/")
    page = clerk.page
    expect(branch(page, "收件人")).to_be_hidden()
    page.locator(".tree-head").click()
    open_group(page, "驿站站长")
    page.get_by_role("checkbox", name="选择本页全部").check()
    expect(page.locator("[data-pick-count]")).to_have_text("已选 8 项")
    assert clerk.complaints == []
