"""The group tree as a page shows it.

Written here and not in a template: 1,000 groups cost a template 95 ms of processor time, and this
a tenth of it (measured by bench/addressbook.py).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from yunxin.contacts.groups import Branch, flat

OPEN_UP_TO = 40  # groups: a tree that fits a screen or two is shown whole


@dataclass(frozen=True, slots=True)
class _Pen:
    """What all branches are drawn with."""

    current: int
    opened: frozenset[int]
    is_small: bool
    may_change: bool
    change: str  # sentences with %(name)s
    under: str


def draw(branches: list[Branch], way: Collection[int], *, may_change: bool) -> SafeString:
    """The list items of a tree, opened along the way to the current group.

    A group's counts stand behind its name: contacts in it / in it or in any group under it. Its
    menu's button is hidden until contacts.js is there.

    Args:
        way: ids from the top down to the current group, which is the last; empty for none.
    """
    pen = _Pen(
        current=list(way)[-1] if way else 0,
        opened=frozenset(way),
        is_small=sum(1 for _branch in flat(branches)) <= OPEN_UP_TO,
        may_change=may_change,
        change=_("Change the group %(name)s"),
        under=_("Groups under %(name)s"),
    )
    return mark_safe("".join(_items(branches, pen)))  # names are escaped, all else is ours


def _items(branches: Iterable[Branch], pen: _Pen) -> Iterator[str]:
    for branch in branches:
        name = escape(branch.name)
        is_current = branch.id == pen.current
        yield (
            f'<li><div class="branch{" is-current" if is_current else ""}">'
            f'<a href="?group={branch.id}"{" aria-current=page" if is_current else ""}>'
            f'<span class="branch-name">{name}</span>'
            f' <span class="branch-counts">({branch.members:,} / {branch.reach:,})</span></a>'
        )
        if pen.may_change:
            yield (
                f'<button type="button" class="branch-more" data-group="{branch.id}"'
                f' aria-label="{escape(pen.change) % {"name": name}}" aria-haspopup="true"'
                " hidden>…</button>"
            )
        yield "</div>"
        if branch.children:
            is_open = pen.is_small or branch.id in pen.opened
            yield (
                f"<details{' open' if is_open else ''}>"
                f'<summary aria-label="{escape(pen.under) % {"name": name}}"></summary><ul>'
            )
            yield from _items(branch.children, pen)
            yield "</ul></details>"
        yield "</li>"
