"""Reviews, the library and the reasons, as an operator meets them."""

import pytest
from django.urls import reverse
from django.utils import translation

from tests import factories
from yunxin.content.models import LibraryTemplate, RejectReason, Signature, Template
from yunxin.vocabulary import ReviewState
from yunxin.web.models import StoredFile


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def reviewer(operator, client):
    client.force_login(operator)
    return operator


def text_of(answer) -> str:
    return answer.content.decode()


def waiting_signature(enterprise, name: str = "") -> Signature:
    return factories.make_signature(enterprise, name, state=ReviewState.PENDING)


def waiting_template(enterprise, **fields) -> Template:
    return factories.make_template(enterprise, state=ReviewState.PENDING, **fields)


def decision(subject, word: str, **fields) -> dict[str, str]:
    return {"decision": word, "seen": subject.submitted_at.isoformat(), **fields}


def address_of(subject) -> str:
    kind = "signature" if isinstance(subject, Signature) else "template"
    return reverse(f"content:console_{kind}", args=[subject.pk])


def test_the_queue_leads_to_the_oldest_application(client, reviewer, acme, globex):
    first = waiting_signature(acme)
    waiting_signature(globex)
    page = text_of(client.get(reverse("content:console_signatures")))
    assert "Start reviewing" in page
    assert f'class="figure" href="{address_of(first)}"' in page


def test_an_empty_queue_says_so(client, reviewer):
    assert "Everything has been decided." in text_of(
        client.get(reverse("content:console_templates"))
    )


def test_a_review_shows_evidence_history_and_who_else_wants_the_name(
    client, reviewer, acme, globex
):
    signature = waiting_signature(acme, "Umbrella")
    scan = StoredFile.objects.create(
        enterprise_id=acme.pk, name="scan.png", content_type="image/png", complete=True
    )
    signature.files.add(scan)
    factories.make_signature(globex, "Umbrella")
    page = text_of(client.get(address_of(signature)))
    assert f'src="{reverse("web:file", args=[scan.pk])}"' in page
    assert "differs from the registered company name" in page
    assert "Others applied for the same name:" in page
    assert "Globex" in page


def test_deciding_leads_to_the_next_in_the_queue_and_round_again(client, reviewer, acme):
    first, second, third = (waiting_signature(acme) for _ in range(3))
    answer = client.post(address_of(second), decision(second, "approve"))
    assert answer["Location"] == address_of(third)
    answer = client.post(address_of(third), decision(third, "approve"))
    assert answer["Location"] == address_of(first)
    answer = client.post(address_of(first), decision(first, "approve"))
    assert answer["Location"] == reverse("content:console_signatures")
    assert set(Signature.objects.values_list("state", flat=True)) == {"approved"}


def test_a_rejection_takes_a_reason_of_the_library_or_ones_own(client, reviewer, acme):
    one, other = waiting_template(acme), waiting_template(acme)
    ready = RejectReason.objects.filter(subject="template").first()
    client.post(address_of(one), decision(one, "reject", ready=str(ready.pk)))
    client.post(
        address_of(other), decision(other, "reject", ready=str(ready.pk), reason="In my words.")
    )
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.state, one.reject_reason) == (ReviewState.REJECTED, ready.text)
    assert other.reject_reason == "In my words."


def test_a_rejection_without_a_reason_is_asked_for_one(client, reviewer, acme):
    template = waiting_template(acme)
    answer = client.post(address_of(template), decision(template, "reject"))
    assert answer.status_code == 422
    assert "Say why" in text_of(answer)
    template.refresh_from_db()
    assert template.state == ReviewState.PENDING


def test_what_changed_meanwhile_is_not_decided(client, reviewer, acme):
    template = waiting_template(acme)
    stale = decision(template, "approve")
    Template.objects.filter(pk=template.pk).update(submitted_at="2026-01-01T00:00:00Z")
    answer = client.post(address_of(template), stale)
    assert "read it again" in text_of(answer)
    template.refresh_from_db()
    assert template.state == ReviewState.PENDING


@pytest.mark.parametrize("seen", ["", "nonsense", "2026-13-45T00:00:00Z"])
def test_a_broken_form_decides_nothing(client, reviewer, acme, seen):
    signature = waiting_signature(acme)
    client.post(address_of(signature), {"decision": "approve", "seen": seen})
    signature.refresh_from_db()
    assert signature.state == ReviewState.PENDING


def test_two_reviewers_do_not_undo_one_another(client, reviewer, acme):
    signature = waiting_signature(acme)
    client.post(address_of(signature), decision(signature, "approve"))
    answer = client.post(
        address_of(signature), decision(signature, "reject", reason="no"), follow=True
    )
    assert "another reviewer decided it" in text_of(answer)
    signature.refresh_from_db()
    assert signature.state == ReviewState.APPROVED


def test_the_class_of_traffic_may_be_changed_at_approval(client, reviewer, acme):
    template = waiting_template(acme)
    client.post(address_of(template), decision(template, "approve", traffic="verification"))
    template.refresh_from_db()
    assert template.traffic == "verification"


def test_the_review_of_a_template_shows_what_the_rules_say(client, reviewer, acme):
    template = waiting_template(acme, content="Look at https://example.com/offer now")
    page = text_of(client.get(address_of(template)))
    assert "is checked at review" in page


@pytest.mark.parametrize("room", ["console_signatures", "console_templates"])
def test_the_lists_cost_the_same_queries_whatever_their_length(
    client, reviewer, acme, django_assert_num_queries, room
):
    for _ in range(10):
        waiting_template(acme, signature=waiting_signature(acme))
    client.get(reverse(f"content:{room}"))
    with django_assert_num_queries(7):  # session, user, bell, count, rows, waiting, the oldest
        client.get(reverse(f"content:{room}"))


# The library -------------------------------------------------------------------------------------


def library_form(**fields) -> dict[str, object]:
    return {
        "industry": "Cars",
        "name": "Inspection",
        "kind": "industry",
        "traffic": "notice",
        "content": "Your car #*# is due for inspection.",
        "variable_names": ["plate"],
        **fields,
    }


def test_a_library_template_is_added_and_changed(client, reviewer):
    client.post(reverse("content:console_library_new"), library_form())
    row = LibraryTemplate.objects.get(industry="Cars")
    assert row.variable_names == ["plate"]
    address = reverse("content:console_library_edit", args=[row.pk])
    assert "due for inspection" in text_of(client.get(address))
    client.post(address, library_form(content="Please bring #*# in for inspection."))
    row.refresh_from_db()
    assert row.content.startswith("Please bring")


def test_a_bad_library_template_is_refused_beside_its_field(client, reviewer):
    address = reverse("content:console_library_new")
    answer = client.post(address, library_form(content="#*##*#"))
    assert answer.status_code == 422
    assert "two variables follow each other" in text_of(answer)
    client.post(address, library_form())
    assert "has a template of this name already" in text_of(client.post(address, library_form()))


def test_switching_and_moving_come_back_to_the_list_as_it_was(client, reviewer):
    row = LibraryTemplate.objects.order_by("industry", "position")[1]
    back = reverse("content:console_library") + "?page=2"
    answer = client.post(
        reverse("content:console_library_switch", args=[row.pk]), {"active": "no", "next": back}
    )
    assert answer["Location"] == back
    client.post(reverse("content:console_library_move", args=[row.pk]), {"to": "up"})
    row.refresh_from_db()
    assert (row.active, row.position) == (False, 0)


def test_the_library_preview_uses_a_stand_in_for_the_signature(client, reviewer):
    page = text_of(client.post(reverse("content:console_library_preview"), library_form()))
    assert "【Signature】Your car plate is due" in page


# Reasons -----------------------------------------------------------------------------------------


def test_a_reason_is_added_changed_moved_and_deleted(client, reviewer):
    client.post(
        reverse("content:console_reason_new"), {"subject": "template", "text": "Too vague."}
    )
    reason = RejectReason.objects.get(text="Too vague.")
    address = reverse("content:console_reason_edit", args=[reason.pk])
    client.post(address, {"subject": "template", "text": "Far too vague."})
    before = reason.position
    client.post(reverse("content:console_reason_move", args=[reason.pk]), {"to": "up"})
    reason.refresh_from_db()
    assert (reason.text, reason.position) == ("Far too vague.", before - 1)
    delete = reverse("content:console_reason_delete", args=[reason.pk])
    assert "Far too vague." in text_of(client.get(delete))
    client.post(delete)
    assert not RejectReason.objects.filter(pk=reason.pk).exists()


# Who may what ------------------------------------------------------------------------------------


def test_the_console_is_for_operators(client, acme):
    template = waiting_template(acme)
    row, reason = LibraryTemplate.objects.first(), RejectReason.objects.first()
    client.force_login(acme.users.get())
    for address in [
        reverse("content:console_signatures"),
        reverse("content:console_templates"),
        address_of(template),
        address_of(template.signature),
        reverse("content:console_library"),
        reverse("content:console_library_new"),
        reverse("content:console_library_preview"),
        reverse("content:console_library_edit", args=[row.pk]),
        reverse("content:console_library_switch", args=[row.pk]),
        reverse("content:console_library_move", args=[row.pk]),
        reverse("content:console_reasons"),
        reverse("content:console_reason_new"),
        reverse("content:console_reason_edit", args=[reason.pk]),
        reverse("content:console_reason_move", args=[reason.pk]),
        reverse("content:console_reason_delete", args=[reason.pk]),
    ]:
        assert client.get(address).status_code == 403, address
        assert client.post(address).status_code == 403, address
