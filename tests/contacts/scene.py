"""An address book for tests and pictures; all names and numbers are invented."""

from typing import Any

from yunxin.accounts.models import Enterprise
from yunxin.contacts import groups, people
from yunxin.text.people import Person, clean


def someone(number: int, name: str = "", **fields: str) -> Person:
    """A person with the phone 1300000NNNN."""
    return clean({"phone": f"1300000{number:04}", "name": name or f"Person {number}"} | fields)


def make_contact(enterprise: Enterprise, number: int, name: str = "", **fields: Any) -> int:
    """Add somebody; `groups` are ids. Returns the contact's id."""
    group_ids = fields.pop("groups", ())
    return people.add_person(enterprise, someone(number, name, **fields), groups=group_ids)


def make_group(enterprise: Enterprise, name: str, parent_id: int | None = None) -> int:
    return groups.create_group(enterprise, name=name, parent_id=parent_id)


def fill() -> None:
    """Acme's book for pictures: `python -m tests.shots --fill tests.contacts.scene:fill …`."""
    acme = Enterprise.objects.get(cpcode="ACMEAA")
    customers = make_group(acme, "客户")
    east = make_group(acme, "华东区", customers)
    make_group(acme, "上海门店会员", east)
    north = make_group(acme, "华北区", customers)
    staff = make_group(acme, "员工")
    for number in range(26):
        make_contact(
            acme,
            number + 1,
            "张李王赵陈刘"[number % 6] + ["伟", "思远", "敏", "雨桐"][number % 4],
            groups=[[east], [north], [staff, customers], []][number % 4],
            gender=["男", "女", ""][number % 3],
            birthday="1990-12-12" if number % 3 else "",
            industry="物流" if number % 2 else "",
            position="客户经理" if number % 5 else "",
            company="云启科技示范有限公司" if number % 4 else "",
            remark="每周三下午方便接听" if number % 7 == 0 else "",
        )
