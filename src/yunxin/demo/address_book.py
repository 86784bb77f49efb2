"""Address books of the demo: groups with sub-groups, and people with made-up names and numbers."""

import random
from collections.abc import Iterator, Mapping

from yunxin.accounts.models import Enterprise
from yunxin.contacts import groups, people
from yunxin.text.people import Person, clean

Tree = Mapping[str, "Tree | int"]
"""A group's name → the groups under it, or how many people are in it."""

BOOKS: Mapping[str, Tree] = {
    "YQKJAA": {
        "客户": {
            "华东区": {"上海门店会员": 46, "杭州门店会员": 38},
            "华北区": {"北京门店会员": 41, "天津门店会员": 12},
            "重点客户": 18,
        },
        "员工": {"市场部": 9, "客服中心": 16, "研发部": 14},
        "合作伙伴": 11,
    },
    "JCWLAA": {
        "收件人": {"仓配客户": 32, "冷链客户": 24},
        "承运司机": {"干线": 14, "同城": 21},
        "驿站站长": 8,
    },
}
STRAY = 15  # people in no group
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
# Gender → given names that people take for it; those of "" go with either.
GIVEN: Mapping[str, tuple[str, ...]] = {
    "男": (
        "伟", "磊", "勇", "杰", "涛", "思远", "浩然", "俊杰", "晓东", "志强", "文博", "宇轩",
        "天佑", "国庆",
    ),
    "女": (
        "芳", "静", "娟", "霞", "雨桐", "欣怡", "嘉怡", "梓萱", "若曦", "诗涵", "佳琪", "美玲",
        "丽娟", "海燕", "春梅",
    ),
    "": ("敏", "洋", "明", "子涵", "建华", "一诺", "子墨"),
}  # fmt: skip
UNSAID = 0.2  # of the people, whose gender nobody wrote down
INDUSTRIES = ("零售", "物流", "教育", "餐饮", "IT", "制造", "")
POSITIONS = ("店长", "采购", "客户经理", "工程师", "前台", "主管", "")
COMPANIES = ("明澜信息科技", "云栖路驿站", "秋实食品", "远山户外", "青禾教育", "")
REMARKS = ("", "", "", "周三下午方便接听", "偏好短信联系", "老客户介绍")


def fill(enterprise: Enterprise) -> None:
    """Give a demo enterprise its address book, the same every time."""
    chance = random.Random(enterprise.cpcode)
    persons = _persons(chance)
    _grow(enterprise, BOOKS.get(enterprise.cpcode, {}), None, persons)
    people.take_people(enterprise, [next(persons) for _ in range(STRAY)])


def _grow(
    enterprise: Enterprise, tree: Tree, parent_id: int | None, persons: Iterator[Person]
) -> None:
    for name, below in tree.items():
        group_id = groups.create_group(enterprise, name=name, parent_id=parent_id)
        if isinstance(below, int):
            taken = [next(persons) for _ in range(below)]
            people.take_people(enterprise, taken, groups=[group_id])
        else:
            _grow(enterprise, below, group_id, persons)


def _persons(chance: random.Random) -> Iterator[Person]:
    """People without end, no phone twice."""
    number = chance.randrange(10_000_000)
    while True:
        number = (number + chance.randrange(1, 90_000)) % 100_000_000
        gender, given = _called(chance)
        yield clean(
            {
                "phone": f"1{chance.choice('35789')}{chance.choice('5678')}{number:08}",
                "name": chance.choice(SURNAMES) + given,
                "gender": gender,
                "birthday": _birthday(chance),
                "industry": chance.choice(INDUSTRIES),
                "position": chance.choice(POSITIONS),
                "company": chance.choice(COMPANIES),
                "remark": chance.choice(REMARKS),
            }
        )


def _called(chance: random.Random) -> tuple[str, str]:
    """A gender, or "" where it is not said, and a given name that goes with it."""
    gender = chance.choice("男女")
    given = chance.choice(GIVEN[gender] + GIVEN[""])
    return ("" if chance.random() < UNSAID else gender), given


def _birthday(chance: random.Random) -> str:
    if chance.random() < 0.4:
        return ""
    return f"{chance.randrange(1962, 2004)}-{chance.randrange(1, 13)}-{chance.randrange(1, 29)}"
