"""Sending with the address book, step by step as chapters 2.4.3 and 2.4.4 of the manual have it.

Single contacts are picked from it (and once more without scripts), and a group is sent to, with
variables filled from contact fields; the phones get it over SMPP.
"""

import json
import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Platform, Visitor
from tests.shots import SIZES, check, too_wide

USER = "yunqi"
DONE_MS = 60_000
GROUP = {"desktop": "回访名单", "phone": "巡店名单"}
NUMBERS = {"desktop": 13_100_050_100, "phone": 13_100_060_100}
# The last is in a group below, and in no other.
PEOPLE = (("测试人员", "csry"), ("孙小满", "sxm"), ("周大雪", "zdx"), ("吴清明", "wqm"))
Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module", autouse=True)
def book(platform: Platform) -> None:
    """A group of three for each size, with a group below it that has the third and a fourth."""
    with psycopg.connect(platform.database_url) as connection:
        for size, name in GROUP.items():
            _make_groups(connection, name, NUMBERS[size])


def _make_groups(connection: Connection, name: str, at: int) -> None:
    enterprise = _value(connection, "SELECT id FROM accounts_enterprise WHERE cpcode = 'YQKJAA'")
    group = _value(connection, "SELECT contact_group_create(%s, NULL, %s)", enterprise, name)
    below = _value(connection, "SELECT contact_group_create(%s, %s, '老友')", enterprise, group)
    people = [
        {
            "phone": str(at + n),
            "name": f"{who}{at % 100_000 // 10_000}",
            "initials": f"{letters}{at % 100_000 // 10_000}",
            "company": "明澜信息科技" if n else "",
        }
        for n, (who, letters) in enumerate(PEOPLE)
    ]
    for into, which in ((group, people[:3]), (below, people[2:])):
        connection.execute(
            "SELECT contact_upsert(%s, %s::jsonb, false, ARRAY[%s::bigint])",
            (enterprise, json.dumps(which), into),
        )


def _value(connection: Connection, query: str, *values: object) -> object:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]


def begin_task(clerk: Visitor, name: str, template: str) -> Page:
    """The first steps of both chapters, and what the task is to say."""
    page = clerk.page
    clerk.go("/")
    menu = page.locator("[data-menu-open]")
    if menu.is_visible():
        menu.click()
    page.locator(".side-link", has_text="文本短信").click()  # 第一步
    page.locator(".tabs a", has_text="群发助手").click()  # 第二步
    page.get_by_role("link", name="新建任务").first.click()  # 第三步
    page.locator("[name=name]").fill(name)
    page.locator(".pick", has_text=template).click()
    page.get_by_role("button", name="下一步").click()
    page.wait_for_url(re.compile("/recipients/"))
    return page


def submit(page: Page) -> None:
    page.get_by_role("link", name="下一步").click()
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="提交任务").click()
    expect(page.locator("main")).to_contain_text("处理成功", timeout=DONE_MS)


def expect_on_phone(clerk: Visitor, number: int, text: str) -> None:
    clerk.go(f"/simulator/?lang=zh&phone={number}")
    expect(clerk.page.locator("body")).to_contain_text(text)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_single_contacts_are_picked(visit: Callable[..., Visitor], size: str) -> None:
    """2.4.3 使用通讯录单发短信."""
    clerk = visit(size)
    clerk.sign_in(USER)
    page = begin_task(clerk, f"单发{GROUP[size]}", "订单发货通知")
    first, second = NUMBERS[size], NUMBERS[size] + 1
    page.locator("[name=param_1]").fill("DD2001")
    page.locator("[name=param_2]").fill("周五")
    page.locator("textarea[name=typed]").fill(f"+86 {second}")
    page.get_by_role("button", name="从通讯录选择").click()  # 第四步
    picker = page.locator("#picker")
    picker.get_by_role("searchbox").fill(str(first)[:9])
    picker.get_by_role("button", name="搜索").click()  # 第五步: 搜索
    expect(picker.locator("tbody tr")).to_have_count(4)
    assert too_wide(page) + check(page) == []
    picker.get_by_role("checkbox", name="测试人员").check()  # 第六步: 选择联系人
    picker.get_by_role("button", name="添加").click()  # 第七步: 添加
    expect(picker).to_contain_text("1 / 200")
    picker.get_by_role("searchbox").fill(
        f"sxm{first % 100_000 // 10_000}"
    )  # by initials, sent with Enter
    picker.get_by_role("searchbox").press("Enter")
    expect(picker.locator("tbody tr")).to_have_count(1)
    picker.get_by_role("checkbox", name="全选本页").check()
    picker.get_by_role("button", name="添加").click()
    listed = picker.locator(".picker-list")
    expect(listed).to_contain_text(str(first))
    expect(listed).to_contain_text(str(second))
    picker.get_by_role("button", name="确定").click()  # 第八步: 确定
    expect(picker).to_have_count(0)
    # Whoever was typed already is not written twice, however the number was typed.
    typed = page.locator("textarea[name=typed]").input_value().split("\n")
    assert typed == [f"+86 {second}", str(first)]
    page.get_by_role("button", name="校验号码").click()
    submit(page)
    expect_on_phone(clerk, first, "您的订单DD2001已发货，预计周五送达")
    assert clerk.complaints == []


def test_the_picker_needs_no_mouse(visit: Callable[..., Visitor]) -> None:
    clerk, number = visit(), NUMBERS["desktop"]
    clerk.sign_in(USER)
    page = begin_task(clerk, "键盘", "活动回访")
    page.get_by_role("button", name="从通讯录选择").press("Enter")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#picker")).to_have_count(0)
    expect(page.get_by_role("button", name="从通讯录选择")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(str(number))
    page.keyboard.press("Enter")
    row = page.locator("#picker tbody tr")
    expect(row).to_have_count(1)
    row.get_by_role("checkbox").press("Space")
    page.locator("#picker-add").press("Enter")
    expect(page.locator(".picker-list")).to_contain_text(str(number))
    # The button that took somebody out is gone: the focus stays with the list.
    page.locator(".picker-list li button").press("Enter")
    expect(page.locator(".picker-list")).to_be_focused()
    expect(page.locator(".picker-list li")).to_have_count(0)
    assert clerk.complaints == []


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_group_is_sent_to(visit: Callable[..., Visitor], size: str) -> None:
    """2.4.4 使用通讯录中的联系人分组发送短信."""
    clerk = visit(size)
    clerk.sign_in(USER)
    page = begin_task(clerk, f"群发{GROUP[size]}", "会员日活动")
    page.get_by_role("link", name=re.compile("分组发送")).click()  # 第四步
    group = page.locator("#group-list label", has_text=GROUP[size])
    expect(group).to_contain_text("(3 / 4)")
    group.click()  # 第五步: 选择分组
    page.get_by_label("称呼", exact=True).select_option(label="联系人单位")
    page.get_by_label("称呼的文字").fill("老朋友")
    page.get_by_label("称呼的文字").blur()
    first = page.locator("#first-messages")
    expect(first).to_contain_text("老朋友您好")
    expect(first).to_contain_text("明澜信息科技您好")
    page.get_by_role("button", name="校验联系人").click()  # 第六步
    expect(page.locator("#audience .is-good")).to_contain_text("4", timeout=DONE_MS)
    expect(page.locator("main")).to_contain_text("读取的为准")
    assert too_wide(page) + check(page) == []
    submit(page)
    expect_on_phone(clerk, NUMBERS[size], "老朋友您好")
    expect_on_phone(clerk, NUMBERS[size] + 3, "明澜信息科技您好")
    assert clerk.complaints == []


@pytest.fixture
def without_scripts(browser: Browser, platform: Platform) -> Iterator[Visitor]:
    width, height = SIZES["desktop"]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", java_script_enabled=False
    )
    yield Visitor(context.new_page(), platform, [])
    context.close()


def test_picking_works_without_scripts(without_scripts: Visitor) -> None:
    clerk, number = without_scripts, NUMBERS["desktop"]
    clerk.sign_in(USER)
    page = begin_task(clerk, "无脚本", "订单发货通知")
    page.locator("[name=param_1]").fill("DD2002")
    page.locator("[name=param_2]").fill("周六")
    page.get_by_role("button", name="从通讯录选择").click()
    page.wait_for_url(re.compile("/contacts/"))
    page.locator("#picker-groups label", has_text=GROUP["desktop"]).click()
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#picker tbody tr")).to_have_count(4)
    page.get_by_role("checkbox", name="测试人员").check()
    page.get_by_role("button", name="添加").click()
    page.get_by_role("button", name="确定").click()
    expect(page.locator("textarea[name=typed]")).to_have_value(str(number))
    expect(page.locator("[name=param_1]")).to_have_value("DD2002")
    page.get_by_role("button", name="校验号码").click()
    expect(page.locator("#audience .is-good")).to_contain_text("1")
