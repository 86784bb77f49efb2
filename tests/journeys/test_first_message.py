"""The whole road of a newcomer, on the real stack: from the first sign-in to the record.

A signature and a template are applied for, an operator approves them, a file of recipients is sent,
the phones get it over SMPP, the records know it, and the package is charged to the segment.
"""

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Platform, Visitor
from yunxin.engine.reconcile import disagreements

LINES = {"desktop": 3_000, "phone": 200}
FIRST_PHONE = {"desktop": 13_100_020_000, "phone": 13_200_020_000}
SIGNATURE = {"desktop": "锦程仓储", "phone": "锦程冷链"}
DONE_MS = 120_000


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_from_sign_in_to_the_record(
    visit: Callable[..., Visitor], platform: Platform, tmp_path: Path, size: str
) -> None:
    clerk, operator = visit(size), visit(size)
    clerk.sign_in("jincheng")
    apply_for_signature(clerk, SIGNATURE[size], tmp_path)
    operator.sign_in("operator")
    approve(operator, "/console/reviews/signatures/", SIGNATURE[size])
    template = f"到库通知{SIGNATURE[size]}"
    apply_for_template(clerk, template, SIGNATURE[size])
    approve(operator, "/console/reviews/templates/", template)

    used_before = used_segments(platform)
    phones = send_file(clerk, template, recipients(tmp_path, size))
    # Every text is one segment; 0002 and 0012 at the end of a number fail and are refunded.
    assert used_segments(platform) - used_before == len(phones)
    see_the_phone(clerk, phones[-1], SIGNATURE[size])
    see_the_record(clerk, phones[-1])
    assert disagreements(platform.database_url) == []
    assert [c for c in clerk.complaints + operator.complaints if "favicon" not in c] == []


def apply_for_signature(clerk: Visitor, name: str, folder: Path) -> None:
    page = clerk.page
    clerk.go("/sms/signatures/")
    page.get_by_role("link", name="新建签名").first.click()
    page.locator("[name=name]").fill(name)
    page.locator("[name=purpose]").fill("向客户发送到库与提货通知")
    evidence = folder / "mark.png"
    evidence.write_bytes(PNG)
    page.locator("input[type=file]").set_input_files(evidence)
    page.get_by_role("button", name="提交审核").click()
    row = page.locator("tbody tr", has_text=name).first
    expect(row).to_contain_text("审核中")


def apply_for_template(clerk: Visitor, name: str, signature: str) -> None:
    page = clerk.page
    clerk.go("/sms/templates/new/")
    page.locator("[name=name]").fill(name)
    page.locator("[name=signature]").select_option(label=f"【{signature}】")
    page.locator("[name=content]").fill("尊敬的#*#，您的货物#*#已到库，请及时提货。")
    expect(page.locator(".phone")).to_contain_text(f"【{signature}】尊敬的")
    page.get_by_role("button", name="提交审核").click()
    expect(page.locator("tbody tr", has_text=name).first).to_contain_text("审核中")


def approve(operator: Visitor, queue: str, name: str) -> None:
    page = operator.page
    operator.go(queue)
    page.locator("tbody tr", has_text=name).get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text(name)
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("^通过")).click()
    operator.go(queue)
    expect(page.locator("tbody tr", has_text=name).first).to_contain_text("审核通过")


def recipients(folder: Path, size: str) -> tuple[Path, list[str]]:
    """A file with good lines, one number twice, one that is none, one with the wrong comma."""
    numbers = range(FIRST_PHONE[size], FIRST_PHONE[size] + 4 * LINES[size])
    phones = [str(n) for n in numbers if n % 10_000 >= 100][: LINES[size]]
    lines = [f"{phone},王女士,{at:06}" for at, phone in enumerate(phones)]
    lines += [lines[0], "12345,王女士,1", f"{FIRST_PHONE[size] + 90_000}，王女士，1"]
    file = folder / "名单.txt"
    file.write_bytes("\r\n".join(lines).encode("gb18030"))
    return file, phones


def send_file(clerk: Visitor, template: str, given: tuple[Path, list[str]]) -> list[str]:
    page, (file, phones) = clerk.page, given
    clerk.go("/sms/campaigns/")
    page.get_by_role("link", name="新建任务").first.click()
    page.locator("[name=name]").fill(f"群发{template}")
    page.locator(".pick", has_text=template).click()
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("link", name=re.compile("文本文件|批量")).first.click()
    page.wait_for_url(re.compile("by=file"))  # loaded: the script that uploads is there
    page.locator("input[type=file]").set_input_files(file)
    upload = page.get_by_role("button", name="上传", exact=True)
    if upload.is_visible():
        upload.click()
    audience = page.locator("#audience")
    expect(audience).to_contain_text(f"{len(phones):,}", timeout=60_000)
    page.get_by_role("link", name="下一步").click()
    page.get_by_role("button", name="下一步").click()
    expect(page.locator("main")).to_contain_text(f"{len(phones):,}")
    page.get_by_role("button", name="提交任务").click()
    expect(page.locator("main")).to_contain_text("处理成功", timeout=DONE_MS)
    return phones


def see_the_phone(clerk: Visitor, phone: str, signature: str) -> None:
    clerk.go(f"/simulator/?lang=zh&phone={phone}")
    expect(clerk.page.locator("body")).to_contain_text(f"【{signature}】尊敬的王女士")


def see_the_record(clerk: Visitor, phone: str) -> None:
    page = clerk.page
    clerk.go(f"/statistics/records/?phone={phone}")
    row = page.locator("tbody tr", has_text=phone)
    expect(row).to_contain_text("已送达")
    row.get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text("DELIVRD")


def used_segments(platform: Platform) -> int:
    with psycopg.connect(platform.database_url) as connection:
        row = connection.execute(
            "SELECT sum(used) FROM billing_package p JOIN accounts_enterprise e"
            " ON e.id = p.enterprise_id WHERE e.cpcode = 'JCWLAA'"
        ).fetchone()
    assert row is not None
    return int(row[0])


# One white pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ff"
    "ff3f0005fe02fea735819e0000000049454e44ae426082"
)
