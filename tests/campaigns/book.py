"""An address book for tests of sending to groups; all names and numbers are invented."""

from collections.abc import Collection
from typing import Any

from django.db import connection

from yunxin.accounts.models import Enterprise
from yunxin.campaigns import lifecycle, preparation
from yunxin.campaigns.models import Campaign
from yunxin.contacts import groups, people
from yunxin.text.people import clean

# Two groups, one under the other, in which one person is twice; and somebody in none.
FIELDS: dict[int, dict[str, str]] = {
    1: {"name": "张三", "gender": "male", "company": "锦程仓储"},
    2: {"name": "李四", "gender": "female"},
    3: {"name": "王五"},
    4: {"name": "赵六", "birthday": "1990-12-12"},
}


def phone(number: int) -> str:
    return f"138000{number:05}"


def add_people(
    enterprise: Enterprise, numbers: Collection[int], *into: int, **fields: str
) -> list[int]:
    """Contacts 1380000000N with the fields of FIELDS, in these groups; their ids."""
    rows = [
        clean({"name": f"客户{n}", "phone": phone(n), **FIELDS.get(n, {}), **fields})
        for n in numbers
    ]
    return [taken.id for taken in people.take_people(enterprise, rows, groups=into)]


def make_book(enterprise: Enterprise) -> tuple[int, int]:
    """会员 with 1, 2, 3; 金卡 under it with 3, 4; nobody's group 5. The ids of the groups."""
    members = groups.create_group(enterprise, name="会员")
    gold = groups.create_group(enterprise, name="金卡", parent_id=members)
    add_people(enterprise, (1, 2, 3), members)
    add_people(enterprise, (3, 4), gold)
    add_people(enterprise, (5,))
    return members, gold


def fill_book(enterprise: Enterprise, count: int, group: int) -> None:
    """Many contacts in a group, quickly and past the functions: the counts are left alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contact (enterprise_id, phone, name, company)"
            " SELECT %s, (13100000000 + n)::text, '客户' || n, CASE WHEN n %% 10 = 0 THEN ''"
            " ELSE '公司' || n END FROM generate_series(1, %s) AS n",
            [enterprise.pk, count],
        )
        # The check of the foreign key is a plan that was made when nobody was there.
        cursor.execute("ANALYZE contact")
        cursor.execute(
            "INSERT INTO contact_membership (enterprise_id, group_id, contact_id)"
            " SELECT enterprise_id, %s, id FROM contact"
            " WHERE enterprise_id = %s AND phone LIKE '131%%'",
            [group, enterprise.pk],
        )


def give_groups(campaign: Campaign, *group_ids: int, **fields: Any) -> Campaign:
    """Choose groups; the job is not run yet."""
    fields.setdefault("with_subgroups", True)
    fields.setdefault("sources", ["name"])
    fields.setdefault("texts", ["客户"] * len(fields["sources"]))
    return lifecycle.give_groups(
        enterprise=campaign.enterprise, campaign_id=campaign.pk, group_ids=group_ids, **fields
    )


def prepare(campaign: Campaign) -> Campaign:
    """What the background job does."""
    campaign.refresh_from_db()
    preparation.prepare(campaign_id=campaign.pk, version=campaign.audience_version)
    campaign.refresh_from_db()
    return campaign


def prepared(campaign: Campaign, *group_ids: int, **fields: Any) -> Campaign:
    return prepare(give_groups(campaign, *group_ids, **fields))
