"""The common template library: what comes with the platform, and how operators keep it."""

import pytest

from tests import factories
from yunxin.accounts.models import AuditEntry
from yunxin.content import library
from yunxin.content.errors import NameTaken, Refused
from yunxin.content.models import LibraryTemplate, RejectReason
from yunxin.text.placeholders import variables
from yunxin.vocabulary import TemplateKind, TrafficClass


def rows() -> list[LibraryTemplate]:
    return list(LibraryTemplate.objects.all())


def test_it_is_there_without_any_demo(db):
    assert len(rows()) >= 48
    assert len(library.industries()) >= 8
    kinds = {row.traffic for row in rows()}
    assert kinds == {"verification", "notice", "marketing"}
    assert RejectReason.objects.filter(subject="signature").count() >= 5
    assert RejectReason.objects.filter(subject="template").count() >= 5


def test_every_template_keeps_the_rules_that_applicants_keep(db):
    for row in rows():
        problems = library.problems_of(
            row.content, TemplateKind(row.kind), TrafficClass(row.traffic)
        )
        told = [problem.rule for problem in problems if problem.rule != "marketing_hours"]
        allowed = {"offer_as_industry"} if row.kind == "marketing" else set()
        assert set(told) <= allowed, (row.name, told)


def test_every_variable_has_a_name_of_its_own(db):
    for row in rows():
        assert len(row.variable_names) == variables(row.content), row.name
        assert all(row.variable_names), row.name
        assert len(set(row.variable_names)) == len(row.variable_names), row.name


def test_industries_come_in_the_order_of_the_library(db):
    assert library.industries()[0] == LibraryTemplate.objects.order_by("id").first().industry


def save(operator, **fields) -> LibraryTemplate:
    fields = {
        "industry": "汽车服务",
        "name": "保养提醒",
        "content": "#*#您好，您的爱车该保养了，预约电话#*#。",
        "kind": TemplateKind.INDUSTRY,
        "traffic": TrafficClass.NOTICE,
        "variable_names": ["车主姓名", "预约电话"],
        **fields,
    }
    return library.save_library_template(by=operator, **fields)


def test_operators_add_at_the_end_of_an_industry(operator):
    first = save(operator)
    second = save(operator, name="年检提醒")
    assert (first.position, second.position) == (0, 1)
    assert first in library.offered()
    assert AuditEntry.objects.first().action == "library.create"


def test_a_name_is_there_once_in_an_industry(operator):
    save(operator)
    with pytest.raises(NameTaken):
        save(operator)
    assert save(operator, industry="其他").pk


def test_a_bad_text_is_refused_and_the_row_stays(operator):
    row = save(operator)
    with pytest.raises(Refused):
        save(operator, content="【汽车】#*##*#", library_template=row)
    row.refresh_from_db()
    assert row.name == "保养提醒"
    assert "爱车" in row.content


def test_a_change_leaves_what_was_taken_before_as_it_is(operator, acme):
    row = save(operator)
    template = factories.make_template(acme, content=row.content, library_template=row)
    save(operator, content="您好，爱车#*#该年检了，电话#*#。", library_template=row)
    template.refresh_from_db()
    assert "保养" in template.content
    assert AuditEntry.objects.first().action == "library.edit"


def test_switching_off_and_on(operator):
    row = save(operator)
    library.switch_library_template(by=operator, library_template=row, active=False)
    assert row not in library.offered()
    assert "汽车服务" not in library.industries()
    assert "汽车服务" in library.industries(active_only=False)
    library.switch_library_template(by=operator, library_template=row, active=True)
    assert row in library.offered()


def test_moving_swaps_neighbours_and_stops_at_the_ends(operator):
    made = [save(operator, name=name) for name in ("一号提醒", "二号提醒", "三号提醒")]

    def order() -> list[str]:
        same = LibraryTemplate.objects.filter(industry="汽车服务")
        return [row.name[0] for row in same.order_by("position")]

    library.move_library_template(by=operator, library_template=made[2], up=True)
    assert order() == ["一", "三", "二"]
    library.move_library_template(by=operator, library_template=made[0], up=True)
    assert order() == ["一", "三", "二"]
    library.move_library_template(by=operator, library_template=made[0], up=False)
    assert order() == ["三", "一", "二"]
