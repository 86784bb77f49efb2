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
