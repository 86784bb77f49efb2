"""Imports and exports in every state, for pictures: `--fill tests.contacts.showing:fill`."""

from datetime import timedelta

from django.utils import timezone

from tests.contacts.files import finished, imported, sheet
from yunxin.accounts.models import Enterprise
from yunxin.contacts import groups
from yunxin.contacts.transfers import ContactExport, ExportState, ImportState
from yunxin.web import uploads


def fill() -> None:
    """Acme's book with two groups, imports and exports."""
    acme = Enterprise.objects.get(name="Acme")
    shop = groups.create_group(acme, name="门店会员")
    groups.create_group(acme, name="金卡会员", parent_id=shop)
    people = [[f"1380000{n:04}", f"测试{n}", "女", "1990-12-12", "零售"] for n in range(30)]
    bad = [
        ["1380000000", "少一位"],
        ["13800000002", "又一次"],
        ["13800000099", "丁" * 41, "猫", "昨天"],
        ["1.38E+10", "科学计数"],
        [None, "没有号码", None, None, None, None, "一家名称相当长的公司有限责任公司"],
    ]
    imported(acme, sheet(*people, *bad), group_id=shop, group_name="门店会员")
    finished(
        acme, state=ImportState.FAILED, problem="no_headings", detail="13800000001, 张三, 某某公司"
    )
    finished(acme, state=ImportState.FAILED, problem="macros")
    finished(
        acme, state=ImportState.READING, read_permille=420, rows_read=84_000, finished_at=None,
        group_name="门店会员",
    )  # fmt: skip
    finished(
        acme, state=ImportState.SAVING, read_permille=1000, rows_read=200_000, good_count=198_500,
        created_count=61_000, known_count=3_000, duplicate_count=900, refused_count=600,
        finished_at=None, sheet="名单", other_sheets=2, unread_headings="部门, 工号",
        overwrite=True,
    )  # fmt: skip
    _exports(acme)


def _exports(acme: Enterprise) -> None:
    now = timezone.now()
    by = acme.users.get()
    file = uploads.store(
        [b"a,b\n"], name="联系人.csv", enterprise_id=acme.pk, by_id=by.pk,
        accepts=(uploads.TEXT,), size_bytes_max=9, restricted=True,
    )  # fmt: skip
    states = (
        {"state": ExportState.DONE, "written": 31_337, "finished_at": now, "format": "csv"},
        {"state": ExportState.DONE, "written": 200_000, "finished_at": now, "file": file,
         "expires_at": now + timedelta(days=7), "format": "xlsx"},
        {"state": ExportState.FAILED, "finished_at": now, "format": "xlsx", "search": "测试"},
        {"state": ExportState.WRITING, "written": 84_000, "total": 200_000, "format": "xlsx",
         "group_name": "门店会员"},
    )  # fmt: skip
    for fields in states:
        expiry = {"expires_at": now} if fields["state"] == ExportState.DONE else {}
        ContactExport.objects.create(
            enterprise=acme, created_by=by, language="zh-hans", **(expiry | fields)
        )
