"""The life of a template, from one's own text and from the library, and its preview."""

import pytest
from django.conf import settings
from django.utils import translation

from tests import factories
from yunxin.accounts.models import AuditEntry, Notice
from yunxin.carriers.models import ForbiddenWord
from yunxin.content import text_templates
from yunxin.content.errors import (
    AlreadyReviewed,
    ChangedMeanwhile,
    LibraryTemplateGone,
    Refused,
    SignatureNotUsable,
    TemplateDeleted,
    TrafficRefused,
)
from yunxin.content.models import LibraryTemplate, Template
from yunxin.content.text_templates import Draft
from yunxin.text import placeholders, segments
from yunxin.vocabulary import ReviewState, SignaturePosition, TemplateKind, TrafficClass


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def owner(acme):
    return acme.users.get()


@pytest.fixture
def signature(acme):
    return factories.make_signature(acme, "Acme")


def draft(signature, **fields) -> Draft:
    fields = {"name": "发货通知", "content": "您的订单#*#已发货，运单号#*#。", **fields}
    return Draft(signature=signature, **fields)


def submit(owner, signature, **fields) -> Template:
    return text_templates.submit_template(
        enterprise=owner.enterprise, by=owner, draft=draft(signature, **fields)
    )


def history(template) -> list[str]:
    return [line.action for line in template.history.all()]


def test_an_application_waits_for_review(owner, signature):
    template = submit(owner, signature, variable_names=["订单号"])
    template.refresh_from_db()
    assert template.state == ReviewState.PENDING
    assert template.variable_names == ["订单号", "Variable 2"]
    assert template.carriers == ["all"]
    assert history(template) == ["applied"]
    assert template.history.get().snapshot["content"] == "您的订单#*#已发货，运单号#*#。"
    assert Notice.objects.get().kind == "template.applied"


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        (["all"], ["all"]),
        (["telecom", "mobile", "unicom"], ["all"]),
        (["telecom", "mobile"], ["mobile", "telecom"]),
        (["mobile", "nonsense"], ["mobile"]),
    ],
)
def test_carriers_are_kept_in_one_form(owner, signature, chosen, kept):
    assert submit(owner, signature, carriers=chosen).carriers == kept


def test_every_finding_is_named_and_nothing_is_written(owner, signature):
    with pytest.raises(Refused) as refused:
        submit(owner, signature, content="【Acme】您好#*##*#请查收", carriers=[])
    rules = [problem.rule for problem in refused.value.problems]
    assert rules == ["brackets", "variables_adjacent", "carriers"]
    assert not Template.objects.exists()


def test_warnings_do_not_refuse(owner, signature):
    assert submit(owner, signature, content="请打开 https://example.com/a 查看").pk


def test_a_forbidden_word_of_the_operators_is_refused(owner, signature):
    ForbiddenWord.objects.create(word="赌场")
    with pytest.raises(Refused, match="“赌-场” is a forbidden word"):
        submit(owner, signature, content="欢迎光临赌-场体验馆")


def test_marketing_travels_as_marketing(owner, signature):
    with pytest.raises(Refused) as refused:
        submit(owner, signature, kind=TemplateKind.MARKETING, traffic=TrafficClass.VERIFICATION)
    assert "traffic" in [problem.rule for problem in refused.value.problems]
    template = submit(owner, signature, kind=TemplateKind.MARKETING, traffic=TrafficClass.MARKETING)
    assert template.traffic == TrafficClass.MARKETING


def test_the_signature_must_be_ones_own_and_live(owner, globex, acme):
    for unusable in (
        factories.make_signature(globex, "Globex"),
        factories.make_signature(acme, "old", state=ReviewState.CANCELLED),
        factories.make_signature(acme, "bad", state=ReviewState.REJECTED),
    ):
        with pytest.raises(SignatureNotUsable):
            submit(owner, unusable)
    assert submit(owner, factories.make_signature(acme, "new", state=ReviewState.PENDING)).pk


def test_approval_may_change_the_class_of_traffic(owner, operator, signature):
    template = submit(owner, signature, content="您的验证码是#*#，请勿泄露")
    text_templates.approve_template(
        template=template,
        by=operator,
        seen=template.submitted_at,
        traffic=TrafficClass.VERIFICATION,
    )
    template.refresh_from_db()
    assert (template.state, template.traffic) == (ReviewState.APPROVED, "verification")
    assert history(template) == ["applied", "approved"]
    assert AuditEntry.objects.get().detail == {"traffic": "verification"}
    assert Notice.objects.get(enterprise=owner.enterprise).kind == "template.approved"


def test_an_industry_template_cannot_become_marketing_at_review(owner, operator, signature):
    template = submit(owner, signature)
    with pytest.raises(TrafficRefused):
        text_templates.approve_template(
            template=template,
            by=operator,
            seen=template.submitted_at,
            traffic=TrafficClass.MARKETING,
        )


def test_rejection_keeps_its_reason(owner, operator, signature):
    template = submit(owner, signature)
    text_templates.reject_template(
        template=template, by=operator, seen=template.submitted_at, reason="Too vague."
    )
    template.refresh_from_db()
    assert (template.state, template.reject_reason) == (ReviewState.REJECTED, "Too vague.")
    assert Notice.objects.get(enterprise=owner.enterprise).kind == "template.rejected"


def test_a_change_waits_for_review_again_and_the_reviewer_sees_the_latest(
    owner, operator, signature
):
    template = submit(owner, signature)
    seen = template.submitted_at
    text_templates.change_template(
        template=template, by=owner, draft=draft(signature, content="您的快递#*#已签收")
    )
    with pytest.raises(ChangedMeanwhile):
        text_templates.approve_template(template=template, by=operator, seen=seen)
    template.refresh_from_db()
    text_templates.approve_template(template=template, by=operator, seen=template.submitted_at)
    text_templates.change_template(template=template, by=owner, draft=draft(signature))
    template.refresh_from_db()
    assert template.state == ReviewState.PENDING
    assert history(template) == ["applied", "applied", "approved", "applied"]


def test_a_bad_change_leaves_the_template_as_it_was(owner, signature):
    template = factories.make_template(owner.enterprise, signature)
    with pytest.raises(Refused):
        text_templates.change_template(
            template=template, by=owner, draft=draft(signature, content="#*#")
        )
    template.refresh_from_db()
    assert template.state == ReviewState.APPROVED


def test_deleting_keeps_the_row_and_its_history(owner, operator, signature):
    template = submit(owner, signature)
    text_templates.delete_template(template=template, by=owner)
    template.refresh_from_db()
    assert template.deleted_at is not None
    assert history(template) == ["applied", "deleted"]
    assert not text_templates.of_enterprise(owner.enterprise).exists()
    with pytest.raises(TemplateDeleted):
        text_templates.delete_template(template=template, by=owner)
    with pytest.raises(TemplateDeleted):
        text_templates.change_template(template=template, by=owner, draft=draft(signature))
    with pytest.raises(AlreadyReviewed):
        text_templates.approve_template(template=template, by=operator, seen=template.submitted_at)


def test_the_engine_is_hinted_of_every_change_that_matters_to_it(
    owner, operator, signature, monkeypatch
):
    hints = []
    monkeypatch.setattr(text_templates, "hint", lambda *words: hints.append(words))
    template = submit(owner, signature)
    assert hints == []
    text_templates.approve_template(template=template, by=operator, seen=template.submitted_at)
    text_templates.change_template(template=template, by=owner, draft=draft(signature))
    text_templates.delete_template(template=template, by=owner)
    assert hints == [("directory", "template")] * 3


# From the library --------------------------------------------------------------------------------


def take(owner, signature, row, **fields) -> Template:
    return text_templates.take_from_library(
        enterprise=owner.enterprise,
        by=owner,
        library_template=row,
        name="我的登录验证码",
        signature=signature,
        **fields,
    )


@pytest.fixture
def row(db):
    return LibraryTemplate.objects.get(name="登录验证码")


def test_a_template_of_the_library_works_at_once(owner, signature, row):
    template = take(owner, signature, row, position=SignaturePosition.BACK, carriers=["mobile"])
    template.refresh_from_db()
    assert template.state == ReviewState.APPROVED
    assert template.content == row.content
    assert template.traffic == TrafficClass.VERIFICATION
    assert template.variable_names == row.variable_names
    assert template.library_template == row
    assert (template.position, template.carriers) == ("back", ["mobile"])
    assert history(template) == ["applied", "approved"]
    assert not Notice.objects.exists()  # nothing waits for operators


def test_a_template_that_is_offered_no_longer_cannot_be_taken(owner, signature, row):
    LibraryTemplate.objects.filter(pk=row.pk).update(active=False)
    with pytest.raises(LibraryTemplateGone):
        take(owner, signature, row)


def test_a_word_forbidden_since_stops_a_template_of_the_library(owner, signature, row):
    ForbiddenWord.objects.create(word="本人操作")
    with pytest.raises(Refused, match="forbidden word"):
        take(owner, signature, row)


def test_a_changed_template_of_the_library_is_an_ordinary_one(owner, signature, row):
    template = take(owner, signature, row)
    text_templates.change_template(template=template, by=owner, draft=draft(signature))
    template.refresh_from_db()
    assert template.library_template is None
    assert template.state == ReviewState.PENDING


# The preview -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(TemplateKind))
@pytest.mark.parametrize("position", list(SignaturePosition))
def test_the_preview_is_what_will_be_sent_and_priced(kind, position):
    content = "您的订单#*#已发货，" + "请留意查收" * 12
    preview = text_templates.preview(
        content=content, signature="云启", position=position, kind=kind, samples=["A1"]
    )
    text = placeholders.compose(
        placeholders.fill(content, ["A1"]), signature="云启", position=position, kind=kind
    )
    assert preview.text == text
    assert preview.segments == segments.count(text)
    assert preview.length == segments.length(text)


def test_missing_samples_are_counted_up_and_too_many_passed_over():
    preview = text_templates.preview(
        content="#*#您好，#*#",
        signature="云启",
        position=SignaturePosition.FRONT,
        kind=TemplateKind.INDUSTRY,
        samples=["张三", "", "x"],
    )
    assert preview.text == "【云启】张三您好，Variable 2"


def test_a_text_that_is_too_long_has_no_price():
    preview = text_templates.preview(
        content="字" * 1000,
        signature="云启",
        position=SignaturePosition.FRONT,
        kind=TemplateKind.INDUSTRY,
        samples=[],
    )
    assert (preview.length, preview.segments) == (1004, 0)


def test_the_hours_of_the_settings_are_the_hours_that_are_stated(owner, signature):
    found = text_templates.problems_of_text(
        "周末好，欢迎到店", kind=TemplateKind.MARKETING, traffic=TrafficClass.MARKETING
    )
    start, end = settings.CONFIG.marketing_from, settings.CONFIG.marketing_to
    assert f"between {start:%H:%M} and {end:%H:%M}" in found[0].sentence
