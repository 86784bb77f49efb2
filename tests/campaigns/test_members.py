"""Who is read from groups: once each, with sub-groups or without, nobody else's, in flat memory."""

import tracemalloc

import pytest
from django.db import connection

from tests import factories
from tests.campaigns.book import add_people, fill_book, make_book, phone
from yunxin.campaigns import members
from yunxin.campaigns.members import Choice
from yunxin.contacts import groups, people


def choice(enterprise, *group_ids, below=True, sources=("name",), texts=("客户",)):
    return Choice(
        enterprise_id=enterprise.pk, group_ids=group_ids, below=below, sources=sources, texts=texts
    )


def read(chosen: Choice) -> list[tuple[int, str, str, list[str]]]:
    with members.reading(chosen) as reading:
        found = [tuple(member) for block in reading.blocks() for member in block]
        assert reading.found == len(found)
    return found


def test_somebody_in_several_groups_is_read_once(acme):
    outer, inner = make_book(acme)
    both = read(choice(acme, outer, inner, below=False))
    assert [member[1] for member in both] == [phone(1), phone(2), phone(3), phone(4)]
    assert [member[0] for member in both] == [1, 2, 3, 4]


def test_groups_below_count_only_when_wanted(acme):
    outer, inner = make_book(acme)
    assert len(read(choice(acme, outer))) == 4
    assert len(read(choice(acme, outer, below=False))) == 3
    assert [member[1] for member in read(choice(acme, inner))] == [phone(3), phone(4)]


def test_another_enterprise_s_groups_hold_nobody(acme, globex):
    outer, inner = make_book(acme)
    assert read(choice(globex, outer, inner)) == []
    assert members.first(choice(globex, outer, inner), 3) == []


def test_no_groups_are_nobody(acme):
    make_book(acme)
    assert read(choice(acme)) == []


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("text", ["客户", "客户", "客户", "客户"]),
        ("name", ["张三", "李四", "王五", "赵六"]),
        ("salutation", ["先生", "女士", "客户", "客户"]),
        ("company", ["锦程仓储", "客户", "客户", "客户"]),
        ("birthday", ["客户", "客户", "客户", "1990-12-12"]),
        ("phone", [phone(1), phone(2), phone(3), phone(4)]),
        ("remark", ["客户"] * 4),
    ],
)
def test_a_field_fills_the_variable_and_the_text_stands_in(acme, source, values):
    outer, _inner = make_book(acme)
    found = read(choice(acme, outer, sources=(source,)))
    assert [member[3] for member in found] == [[value] for value in values]


def test_the_first_few_are_those_that_come_first(acme):
    outer, inner = make_book(acme)
    add_people(acme, range(20, 40), inner)
    add_people(acme, range(40, 45), outer)
    for chosen in (choice(acme, outer), choice(acme, inner), choice(acme, inner, outer)):
        first = [tuple(member) for member in members.first(chosen, 3)]
        assert first == read(chosen)[:3]


def test_the_version_is_that_of_what_was_read(acme):
    outer, inner = make_book(acme)
    with members.reading(choice(acme, outer)) as reading:
        list(reading.blocks())
    assert reading.book_version == members.book_version(acme.pk)
    people.remove_from_groups(acme, [inner], [acme.contacts.get(phone=phone(4)).pk])
    assert reading.book_version < members.book_version(acme.pk)


def test_before_the_first_contact_there_is_no_version(acme):
    assert members.book_version(acme.pk) is None


def test_blocks_are_read_without_gaps_and_memory_does_not_grow_with_them(acme, monkeypatch):
    monkeypatch.setattr(members, "BLOCK_PEOPLE", 100)
    group = groups.create_group(acme, name="大组")
    fill_book(acme, 20_000, group)
    number = 0
    tracemalloc.start()
    with members.reading(choice(acme, group)) as reading:
        for block in reading.blocks():
            assert block[0].number == number + 1
            number += len(block)
        with connection.cursor() as cursor:  # the answer stands at the server, not here
            cursor.execute("SELECT count(*) FROM pg_cursors")
            assert cursor.fetchone() == (1,)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert number == reading.found == 20_000
    assert peak < 500_000  # a few blocks; all of them would be 6 MB


def test_what_changes_while_it_is_read_is_not_seen(committed):
    enterprise = factories.make_enterprise()
    group = groups.create_group(enterprise, name="大组")
    fill_book(enterprise, members.BLOCK_PEOPLE + 1, group)
    with members.reading(choice(enterprise, group)) as reading:
        blocks = reading.blocks()
        next(blocks)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM contact_membership; DELETE FROM contact")
        assert len(next(blocks)) == 1
