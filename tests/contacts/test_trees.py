"""The tree as a page shows it: well-formed, opened along the way, names never markup."""

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from yunxin.contacts.groups import Branch, flat
from yunxin.contacts.trees import OPEN_UP_TO, draw


def grown(shape: list[list[object]], above: tuple[int, ...] = ()) -> list[Branch]:
    """Branches of a nested list, numbered by their place."""
    branches = []
    for at, below in enumerate(shape, 1):
        path = (*above, at)
        branch = Branch(at, f"<b>{at}</b>", 2, 3, path)
        branch.children = grown(below, path)  # type: ignore[arg-type]
        branches.append(branch)
    return branches


class Depths(HTMLParser):
    """How deep each group's link stands in lists; fails on a tag that is not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[int] = []

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self.open.append(tag)
        if tag == "a":
            self.found.append(self.open.count("ul"))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.recursive(st.just([]), lambda below: st.lists(below, max_size=4), max_leaves=20))
def test_groups_stand_in_lists_as_deep_as_in_the_tree(shape: list[list[object]]) -> None:
    branches = grown(shape)
    page = Depths()
    page.feed(draw(branches, (), may_change=True))
    assert page.open == []
    assert page.found == [branch.depth for branch in flat(branches)]


def test_a_large_tree_is_open_along_the_way_alone() -> None:
    branches = [Branch(n, "G", 0, 0, (n,)) for n in range(1, OPEN_UP_TO + 1)]
    branches[0].children = [Branch(99, "G", 0, 0, (1, 99))]
    branches[1].children = [Branch(98, "G", 0, 0, (2, 98))]
    page = draw(branches, (1, 99), may_change=False)
    assert re.findall("<details[^>]*>", page) == ["<details open>", "<details>"]
    assert page.count("aria-current=page") == 1
    assert "button" not in page
