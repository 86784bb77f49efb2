"""The demo's address books: the same every time, in groups with sub-groups, counted right."""

from tests.contacts.counting import check_counts
from yunxin.accounts.models import Enterprise
from yunxin.contacts.groups import flat, tree
from yunxin.demo import address_book
from yunxin.demo.cast import ENTERPRISES


def test_each_demo_enterprise_has_people_in_groups(acme: Enterprise, globex: Enterprise) -> None:
    for enterprise, cast in zip((acme, globex), ENTERPRISES, strict=True):
        enterprise.cpcode = cast.cpcode
        address_book.fill(enterprise)
        assert any(branch.depth for branch in flat(tree(enterprise)))
        assert enterprise.contacts.count() > 100
        check_counts(enterprise)
    phones = set(acme.contacts.values_list("phone", flat=True))
    assert phones.isdisjoint(globex.contacts.values_list("phone", flat=True))


def test_names_go_with_their_genders(acme: Enterprise) -> None:
    acme.cpcode = ENTERPRISES[0].cpcode
    address_book.fill(acme)
    for gender, word in (("male", "男"), ("female", "女")):
        others = address_book.GIVEN["女" if word == "男" else "男"]
        names = acme.contacts.filter(gender=gender).values_list("name", flat=True)
        assert len(names) > 30
        assert not [name for name in names if name[1:] in others]
