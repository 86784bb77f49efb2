"""A platform without demo data, brought to its first message by its pages and one command.

Nothing is known but what `yunxin up` and `yunxin manage createoperator` print and what the pages
show: the operator makes an enterprise, a package and a channel, the enterprise does the rest.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.conftest import Platform, Visitor, clean_environment, fresh, running, visitors
from yunxin.engine.reconcile import disagreements

OPERATOR, OPERATOR_PASSWORD = "duty", "Lantern-4027-river"
OWNER, OWNER_PASSWORD = "hetian", "Bamboo-7315-bridge"
COMPANY, SIGNATURE = "禾田速运有限公司", "禾田速运"
PACKAGE, PACKAGE_SIZE = "首购套餐", 100
CHANNEL = "首条通道"
SHELF = "登录验证码"  # what is taken from the common library
PHONES = ("13900020101", "13900020102")
CODE = "620418"
CONNECTED_MS = 30_000
DONE_MS = 60_000


@dataclass(frozen=True)
class Gateway:
    """What `yunxin up` says of the simulated carrier."""

    host: str
    account: str
    password: str
    port: str


@pytest.fixture
def empty(short_folder: Path) -> Iterator[Platform]:
    """`yunxin up --no-demo` in a fresh folder."""
    with running(fresh(short_folder), "--no-demo") as started:
        yield started


@pytest.fixture
def visit_empty(browser: Browser, empty: Platform) -> Iterator[Callable[..., Visitor]]:
    with visitors(browser, empty) as come:
        yield come


def test_from_nothing_to_the_first_message(
    visit_empty: Callable[..., Visitor], empty: Platform
) -> None:
    operator, owner = visit_empty(), visit_empty()
    assert empty.demo["logins"] == []
    sign_in_first(operator, OPERATOR, create_operator(empty.folder), OPERATOR_PASSWORD)
    initial = create_enterprise(operator)
    grant_package(operator)
    create_channel(operator, printed_gateway(empty.folder))

    sign_in_first(owner, OWNER, initial, OWNER_PASSWORD)
    apply_for_signature(owner)
    approve_signature(operator)
    take_template(owner)
    send(owner)
    see_the_records(owner)
    see_the_balance(owner)
    assert disagreements(empty.database_url) == []
    assert [*operator.complaints, *owner.complaints] == []


# The command line --------------------------------------------------------------------------------


def create_operator(folder: Path) -> str:
    """The initial password that the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "yunxin", "manage", "createoperator", OPERATOR],
        env=clean_environment() | {"YUNXIN_DATA": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"^Initial password: (\S+)$", done.stdout, re.MULTILINE)
    assert found, done.stdout
    return found[1]


def printed_gateway(folder: Path) -> Gateway:
    said = (folder / "up.log").read_text()
    found = re.search(r"host (\S+), account (\S+), password (\S+);\s+ports: SMPP (\d+)", said)
    assert found, said
    return Gateway(*found.groups())


# The operator ------------------------------------------------------------------------------------


def menu(visitor: Visitor, section: str, tab: str = "") -> None:
    """Go by the menu at the left, and by a tab."""
    page = visitor.page
    page.locator("#menu").get_by_role("link", name=section, exact=True).click()
    if tab:
        page.locator(".tabs").get_by_role("link", name=tab, exact=True).click()


def field(page: Page, label: str) -> Locator:
    """The field with this label, be it marked as required or not."""
    return page.get_by_label(re.compile(rf"^{re.escape(label)}\s*\*?$"))


def row_of(visitor: Visitor, words: str) -> Locator:
    return visitor.page.locator("tbody tr", has_text=words).first


def sign_in_first(visitor: Visitor, username: str, initial: str, chosen: str) -> None:
    """The first sign-in asks for a password of one's own, before any other page."""
    page = visitor.page
    visitor.sign_in(username, initial)
    expect(page.locator("h1")).to_have_text("设置新密码")
    visitor.go("/account/logins/")
    expect(page.locator("h1")).to_have_text("设置新密码")
    field(page, "新密码").fill(chosen)
    field(page, "确认新密码").fill(chosen)
    page.get_by_role("button", name="确认并继续").click()
    expect(page.locator("#menu")).to_be_visible()


def create_enterprise(operator: Visitor) -> str:
    """The owner's initial password, shown once."""
    page = operator.page
    menu(operator, "企业管理")
    page.get_by_role("link", name="新建企业").first.click()
    field(page, "企业名称").fill(COMPANY)
    field(page, "管理员账号").fill(OWNER)
    page.get_by_role("button", name="保存").click()
    shown = page.locator("#initial-password")
    initial = shown.inner_text()
    page.get_by_role("link", name="我已记下").click()
    expect(page.locator("main")).to_contain_text(COMPANY)
    expect(row_of(operator, OWNER)).to_be_visible()
    assert initial not in page.content()
    return initial


def grant_package(operator: Visitor) -> None:
    page = operator.page
    menu(operator, "企业管理", "套餐")
    page.get_by_role("link", name="发放套餐").first.click()
    field(page, "企业").select_option(label=COMPANY)
    field(page, "套餐名称").fill(PACKAGE)
    field(page, "总条数").fill(str(PACKAGE_SIZE))
    field(page, "原因").fill("合同约定")
    page.get_by_role("button", name="确认发放").click()
    expect(row_of(operator, PACKAGE)).to_contain_text(COMPANY)


def create_channel(operator: Visitor, gateway: Gateway) -> None:
    page = operator.page
    menu(operator, "通道管理")
    page.get_by_role("link", name="新建通道").first.click()
    page.get_by_role("link", name=re.compile("SMPP")).click()
    field(page, "通道名称").fill(CHANNEL)
    field(page, "主机").fill(gateway.host)
    field(page, "端口").fill(gateway.port)
    field(page, "账号（system_id）").fill(gateway.account)
    field(page, "密码").fill(gateway.password)
    field(page, "接入号").fill("1069001")
    page.get_by_role("button", name="保存", exact=True).click()
    page.get_by_role("button", name="启动").click()
    # The page renews itself: nobody touches it.
    expect(page.locator("#live .pill")).to_have_text("已连接", timeout=CONNECTED_MS)


def approve_signature(operator: Visitor) -> None:
    page = operator.page
    menu(operator, "审核管理", "签名审核")
    row_of(operator, SIGNATURE).get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text(COMPANY)
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("^通过")).click()


# The enterprise ----------------------------------------------------------------------------------


def apply_for_signature(owner: Visitor) -> None:
    """It is part of the company's name, so that no evidence is asked for."""
    page = owner.page
    menu(owner, "文本短信", "签名管理")
    page.get_by_role("link", name="新建签名").first.click()
    field(page, "签名").fill(SIGNATURE)
    field(page, "签名用途").fill("向客户发送登录验证码")
    page.get_by_role("button", name="提交审核").click()
    expect(row_of(owner, SIGNATURE)).to_contain_text("审核中")


def take_template(owner: Visitor) -> None:
    page = owner.page
    menu(owner, "文本短信", "签名管理")
    expect(row_of(owner, SIGNATURE)).to_contain_text("审核通过")
    menu(owner, "文本短信", "模板管理")
    page.get_by_role("link", name="常用模板库").first.click()
    page.get_by_role("searchbox").fill(SHELF)
    row_of(owner, SHELF).get_by_role("link", name="选用").click()
    field(page, "签名").select_option(label=f"【{SIGNATURE}】")
    expect(page.locator(".phone")).to_contain_text(f"【{SIGNATURE}】")
    page.get_by_role("button", name="添加到我的模板").click()
    expect(row_of(owner, SHELF)).to_contain_text("审核通过")


def send(owner: Visitor) -> None:
    page = owner.page
    menu(owner, "文本短信", "群发助手")
    page.get_by_role("link", name="新建任务").first.click()
    field(page, "任务名称").fill("首次发送")
    page.locator(".pick", has_text=SHELF).click()
    page.locator("#params input").first.fill(CODE)
    page.locator("#params input").last.fill("5")
    expect(page.locator(".phone")).to_contain_text(CODE)
    page.get_by_role("button", name="下一步").click()
    field(page, "手机号").fill("\n".join([*PHONES, PHONES[0], "12345"]))
    page.get_by_role("button", name="校验号码").click()
    expect(page.locator("#audience")).to_contain_text("12345")
    page.get_by_role("link", name="下一步").click()
    page.get_by_role("button", name="下一步").click()
    for phone in PHONES:
        expect(page.locator(".samples")).to_contain_text(phone)
    page.get_by_role("button", name="提交任务").click()
    expect(page.locator("main")).to_contain_text("处理成功", timeout=DONE_MS)


def see_the_records(owner: Visitor) -> None:
    page = owner.page
    menu(owner, "业务统计")
    for phone in PHONES:
        expect(row_of(owner, phone)).to_contain_text("已送达")
    row_of(owner, PHONES[1]).get_by_role("link").first.click()
    main = page.locator("main")
    expect(main).to_contain_text(f"【{SIGNATURE}】")
    expect(main).to_contain_text(CODE)
    expect(main).to_contain_text(PACKAGE)


def see_the_balance(owner: Visitor) -> None:
    """A text of one segment to each phone was paid, and nothing else."""
    menu(owner, "账户中心", "套餐")
    used = row_of(owner, PACKAGE).locator("[data-label='已用条数']")
    expect(used).to_have_text(str(len(PHONES)))
    left = PACKAGE_SIZE - len(PHONES)
    expect(owner.page.locator(".figure-value").first).to_contain_text(str(left))
