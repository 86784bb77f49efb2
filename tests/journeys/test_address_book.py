"""Manual, chapters 2.4.1 and 2.4.2: each numbered step of the address book, in a browser.

One story, told in order: each test goes on where the one before it ended.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
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
    button = page.get_by_role("button", name=f"管理分组{group}", exact=True)
    button.click()
    menu = page.locator(".branch-menu")
    # A person does not scroll to find it, as a browser does that a program drives.
    expect(menu).to_be_in_viewport(ratio=1)
    assert right_edge(menu) == pytest.approx(right_edge(button), abs=2)
    menu.get_by_role("link", name=what).click()


def right_edge(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"]


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


# 2.4.2 批量导入联系人, 2.4.1 导出联系人 ---------------------------------------------------------


def filled_in(page: Page, folder: Path, *people: tuple[str, str]) -> Path:
    """The template, downloaded from the page and filled in."""
    with page.expect_download() as download:
        page.get_by_role("link", name="模板 .xlsx").click()
    path = folder / "名单.xlsx"
    download.value.save_as(path)
    book = openpyxl.load_workbook(path)
    for row in people:
        book.worksheets[0].append(list(row))
    book.save(path)
    return path


def test_4_contacts_are_imported_into_a_group(page: Page, tmp_path: Path) -> None:
    add_group(page, "导入分组")
    told(page, "分组“导入分组”已添加")
    choose(page, "导入分组", "导入联系人")  # one
    expect(page.get_by_label("导入到分组")).to_have_value(re.compile(r"\d+"))
    people = [(f"1360001{n:04}", f"导入{n}") for n in range(50)]
    path = filled_in(page, tmp_path, *people, people[7], ("1360001", "少几位"))
    page.locator("input[type=file]").set_input_files(path)  # two: the import begins by itself
    page.wait_for_url(re.compile(r"/contacts/imports/\d+/$"))
    its_page = page.url
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name="首页").click()
    page.goto(its_page)  # the page was left in between
    expect(page.locator(".pill", has_text="已完成")).to_be_visible()
    figures = page.locator(".run-figures > div")
    expect(figures).to_have_text([r"新增联系人50", "已在通讯录0", "文件内重复1", "有误1"])
    expect(row(page, "导入7")).to_contain_text("手机号与第 9 行重复")
    expect(row(page, "少几位")).to_contain_text("手机号不是 11 位大陆手机号码")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载全部 2 行").click()
    assert "少几位" in Path(download.value.path()).read_text("utf-8-sig")
    page.get_by_role("link", name="查看联系人").click()
    expect(branch(page, "导入分组")).to_contain_text("(50 / 50)")
    expect(page.locator("tbody tr")).to_have_count(10)


def test_4_a_wrong_file_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    page.get_by_role("link", name="导入联系人").first.click()
    path = tmp_path / "名单.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    page.locator("input[type=file]").set_input_files(path)
    expect(page.locator("[data-upload-error]")).to_contain_text("旧版 Office 文件")
    path.write_bytes(b"PK\x03\x04" + bytes(2000))  # cut off
    page.locator("input[type=file]").set_input_files(path)
    page.wait_for_url(re.compile(r"/contacts/imports/\d+/$"))
    expect(page.locator(".alert-danger")).to_contain_text("文件已损坏或不完整")


def test_5_chosen_contacts_are_exported(page: Page) -> None:
    open_group(page, "导入分组")
    tick(page, "导入49", "导入48")  # one: choose one or more contacts
    page.get_by_role("button", name="导出").click()  # two
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("导出 2 位联系人？")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="导出").click()
    with Path(download.value.path()).open("rb") as file:
        sheet = openpyxl.load_workbook(file).worksheets[0]
    assert [row[0].value for row in sheet.rows] == ["手机号", "13600010049", "13600010048"]
    expect(dialog).to_be_hidden()


def test_5_a_group_is_exported_whole_as_text(page: Page) -> None:
    open_group(page, "导入分组")
    page.get_by_role("button", name="导出").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("导出 50 位联系人？")
    dialog.get_by_label("文本表格（.csv）").check()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="导出").click()
    assert len(Path(download.value.path()).read_text("utf-8-sig").splitlines()) == 51


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
