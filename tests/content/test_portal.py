"""签名管理 and 模板管理 as a person meets them, and what a stranger meets."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from tests import factories
from yunxin.accounts.models import User
from yunxin.content.models import LibraryTemplate, Signature, Template
from yunxin.vocabulary import ReviewState, TemplateKind, TrafficClass
from yunxin.web.models import StoredFile

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def owner(acme, client) -> User:
    """Acme's owner, signed in."""
    user: User = acme.users.get()
    client.force_login(user)
    return user


def text_of(answer) -> str:
    return answer.content.decode()


# Signatures --------------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do_next(client, owner):
    page = text_of(client.get(reverse("content:signatures")))
    assert "No signature yet." in page
    assert reverse("content:signature_new") in page


def test_the_list_shows_every_state_and_the_reason_under_a_rejected_one(client, owner):
    for state in ReviewState:
        factories.make_signature(
            owner.enterprise,
            str(state).title(),
            state=state,
            reject_reason="Unreadable scan." if state == ReviewState.REJECTED else "",
        )
    page = text_of(client.get(reverse("content:signatures")))
    for word in ("Under review", "Approved", "Rejected", "Cancelled"):
        assert word in page
    assert "Reason for rejection: Unreadable scan." in page
    assert page.count("Apply again") == 2  # the rejected and the cancelled one


def test_the_list_is_searched_and_filtered(client, owner):
    factories.make_signature(owner.enterprise, "Alpha")
    factories.make_signature(owner.enterprise, "Beta", state=ReviewState.PENDING)
    address = reverse("content:signatures")
    assert "Beta" not in text_of(client.get(address, {"q": "alp"}))
    assert "Alpha" not in text_of(client.get(address, {"state": "pending"}))


def test_the_list_costs_the_same_queries_whatever_its_length(
    client, owner, django_assert_num_queries
):
    for _ in range(10):
        signature = factories.make_signature(owner.enterprise)
        signature.files.add(StoredFile.objects.create(enterprise_id=owner.enterprise_id, name="a"))
    client.get(reverse("content:signatures"))
    with django_assert_num_queries(8):  # session, user, company, bell, balance, count, rows, files
        client.get(reverse("content:signatures"))


def application(**fields) -> dict[str, object]:
    return {"name": "Acme", "kind": "company", "purpose": "delivery notices", **fields}


def test_a_newcomer_applies_for_a_signature(client, owner):
    answer = client.post(reverse("content:signature_new"), application(), follow=True)
    assert "waits for review" in text_of(answer)
    assert Signature.objects.get().state == ReviewState.PENDING


def test_complaints_stand_beside_their_fields_and_what_was_typed_is_kept(client, owner):
    answer = client.post(reverse("content:signature_new"), application(name="【Acme】", purpose=""))
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Leave the brackets out" in page
    assert "Say what the signature is used for." in page
    assert 'value="【Acme】"' in page


def test_documents_are_kept_with_the_application(client, owner):
    scan = SimpleUploadedFile("../scan.png", PNG)
    client.post(reverse("content:signature_new"), application(name="Umbrella", documents=[scan]))
    file = Signature.objects.get().files.get()
    assert (file.name, file.content_type, file.enterprise_id) == (
        "scan.png",
        "image/png",
        owner.enterprise_id,
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"MZ\x90\x00", "must be JPG, PNG, PDF"), (b"", "is empty")],
)
def test_a_document_that_is_not_one_is_refused_and_nothing_is_kept(
    client, owner, content, complaint
):
    files = [SimpleUploadedFile("good.png", PNG), SimpleUploadedFile("scan.png", content)]
    answer = client.post(
        reverse("content:signature_new"), application(name="Umbrella", documents=files)
    )
    assert answer.status_code == 422
    assert complaint in text_of(answer)
    assert not Signature.objects.exists()
    assert not StoredFile.objects.exists()


def test_a_missing_document_is_asked_for(client, owner):
    answer = client.post(reverse("content:signature_new"), application(name="Umbrella"))
    assert "not part of the registered company name “Acme”" in text_of(answer)


def test_cancelling_asks_once_and_says_what_it_will_do(client, owner):
    signature = factories.make_signature(owner.enterprise)
    factories.make_template(owner.enterprise, signature)
    address = reverse("content:signature_cancel", args=[signature.pk])
    page = text_of(client.get(address))
    assert "cancelled and refunded" in page
    assert "1 template uses it" in page
    client.post(address)
    signature.refresh_from_db()
    assert signature.state == ReviewState.CANCELLED
    answer = client.post(address, follow=True)
    assert "Only a signature that is approved or under review" in text_of(answer)


def test_a_rejected_signature_is_applied_for_again(client, owner):
    signature = factories.make_signature(
        owner.enterprise, "Acme", state=ReviewState.REJECTED, reject_reason="Too vague."
    )
    address = reverse("content:signature_again", args=[signature.pk])
    assert "Too vague." in text_of(client.get(address))
    client.post(address, {"kind": "app", "purpose": "codes for the app"})
    signature.refresh_from_db()
    assert (signature.state, signature.kind) == (ReviewState.PENDING, "app")


def test_a_live_signature_is_not_applied_for_again(client, owner):
    signature = factories.make_signature(owner.enterprise)
    answer = client.get(reverse("content:signature_again", args=[signature.pk]), follow=True)
    assert "Only a cancelled or rejected signature" in text_of(answer)


# Templates ---------------------------------------------------------------------------------------


@pytest.fixture
def signature(acme):
    return factories.make_signature(acme, "Acme")


def draft(signature, **fields) -> dict[str, object]:
    return {
        "name": "Shipping",
        "signature": signature.pk,
        "position": "front",
        "kind": "industry",
        "traffic": "notice",
        "content": "Your parcel #*# has been sent.",
        "variable_names": ["parcel"],
        "carriers": ["mobile", "unicom", "telecom"],
        **fields,
    }


def test_a_newcomer_applies_for_a_template(client, owner, signature):
    answer = client.post(reverse("content:template_new"), draft(signature), follow=True)
    assert "waits for review" in text_of(answer)
    template = Template.objects.get()
    assert template.variable_names == ["parcel"]
    assert template.carriers == ["all"]


def test_every_rule_that_is_broken_is_told_beside_the_content(client, owner, signature):
    answer = client.post(
        reverse("content:template_new"), draft(signature, content="【Acme】 hello {1} there")
    )
    page = text_of(answer)
    assert answer.status_code == 422
    assert "kept for the signature" in page
    assert "is not a variable here" in page
    assert 'value="parcel"' in page or "parcel" not in page  # names follow the variables


def test_marketing_is_marketing_whatever_the_hidden_choice_says(client, owner, signature):
    client.post(
        reverse("content:template_new"),
        draft(signature, kind="marketing", traffic="verification", content="Come and see us."),
    )
    template = Template.objects.get()
    assert (template.kind, template.traffic) == (TemplateKind.MARKETING, TrafficClass.MARKETING)


def test_a_signature_of_another_cannot_be_chosen(client, owner, globex):
    theirs = factories.make_signature(globex, "Globex")
    answer = client.post(reverse("content:template_new"), draft(theirs))
    assert answer.status_code == 422
    assert not Template.objects.exists()


def test_editing_shows_what_is_there_and_applies_again(client, owner, signature):
    template = factories.make_template(owner.enterprise, signature, content="Your parcel #*#.")
    address = reverse("content:template_edit", args=[template.pk])
    page = text_of(client.get(address))
    assert "Your parcel #*#." in page
    assert "nothing can be sent with it until" in page
    client.post(address, draft(signature))
    template.refresh_from_db()
    assert template.state == ReviewState.PENDING


def test_deleting_asks_once(client, owner, signature):
    template = factories.make_template(owner.enterprise, signature)
    address = reverse("content:template_delete", args=[template.pk])
    assert "tasks that wait for it fail" in text_of(client.get(address))
    client.post(address)
    template.refresh_from_db()
    assert template.deleted_at is not None
    assert client.get(reverse("content:template", args=[template.pk])).status_code == 404


def test_templates_are_found_by_name_content_and_number(client, owner, signature):
    one = factories.make_template(owner.enterprise, signature, name="Alpha", content="first text")
    factories.make_template(owner.enterprise, signature, name="Beta", content="second text")
    address = reverse("content:templates")
    assert "Beta" not in text_of(client.get(address, {"q": "alpha"}))
    assert "Alpha" not in text_of(client.get(address, {"q": "second"}))
    page = text_of(client.get(address, {"q": one.number}))
    assert "Alpha" in page
    assert "Beta" not in page


def test_the_list_of_templates_costs_the_same_queries_whatever_its_length(
    client, owner, django_assert_num_queries
):
    for _ in range(10):
        factories.make_template(owner.enterprise)
    client.get(reverse("content:templates"))
    with django_assert_num_queries(7):  # session, user, company, bell, balance, count, rows
        client.get(reverse("content:templates"))


def test_the_preview_prices_and_checks_while_somebody_types(client, owner, signature):
    answer = client.post(
        reverse("content:template_preview"),
        draft(signature, content="Your code #*# and #*#", samples=["123456"]),
    )
    page = text_of(answer)
    assert "【Acme】Your code 123456 and Variable 2" in page
    assert 'id="variables" hx-swap-oob="true"' in page  # a second variable appeared
    again = client.post(reverse("content:template_preview"), draft(signature))
    assert "hx-swap-oob" not in text_of(again)


def test_the_preview_of_marketing_ends_with_the_hint(client, owner, signature):
    page = text_of(
        client.post(
            reverse("content:template_preview"),
            draft(signature, kind="marketing", content="Come and see us"),
        )
    )
    assert "Come and see us，拒收请回复R" in page
    assert "is sent between" in page


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"signature": "x", "kind": "?", "position": "?", "content": "#*#" * 400},
        {"signature": "9" * 30, "content": "字" * 5000},
    ],
)
def test_the_preview_takes_whatever_is_typed(client, owner, data):
    assert client.post(reverse("content:template_preview"), data).status_code == 200


def test_the_preview_never_shows_the_signature_of_another(client, owner, globex):
    theirs = factories.make_signature(globex, "Globex")
    page = text_of(client.post(reverse("content:template_preview"), {"signature": theirs.pk}))
    assert "Globex" not in page


def test_a_template_of_the_library_is_used_at_once(client, owner, signature):
    row = LibraryTemplate.objects.get(name="登录验证码")
    found = text_of(client.get(reverse("content:library"), {"industry": row.industry}))
    address = reverse("content:from_library", args=[row.pk])
    assert address in found
    assert row.name in text_of(client.get(address))
    data = draft(signature, name="登录", content="something else")
    client.post(address, data)
    template = Template.objects.get()
    assert (template.state, template.content) == (ReviewState.APPROVED, row.content)


def test_a_library_template_that_is_switched_off_is_gone(client, owner):
    row = LibraryTemplate.objects.first()
    LibraryTemplate.objects.filter(pk=row.pk).update(active=False)
    assert client.get(reverse("content:from_library", args=[row.pk])).status_code == 404


# Who may what ------------------------------------------------------------------------------------


def addresses_of(signature: Signature, template: Template) -> list[str]:
    """Every address of the portal that names an object of an enterprise."""
    names = ("signature", "signature_again", "signature_cancel")
    of_signature = [reverse(f"content:{name}", args=[signature.pk]) for name in names]
    names = ("template", "template_edit", "template_delete")
    return of_signature + [reverse(f"content:{name}", args=[template.pk]) for name in names]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_sees_404(client, acme, globex, method):
    signature = factories.make_signature(acme)
    template = factories.make_template(acme, signature)
    client.force_login(globex.users.get())
    for address in addresses_of(signature, template):
        assert getattr(client, method)(address).status_code == 404, address
    template.refresh_from_db()
    assert template.deleted_at is None


def test_a_stranger_finds_nothing_in_lists(client, acme, globex):
    template = factories.make_template(acme, factories.make_signature(acme, "Secret"), name="Plan")
    client.force_login(globex.users.get())
    assert "Secret" not in text_of(client.get(reverse("content:signatures")))
    page = text_of(client.get(reverse("content:templates"), {"q": template.number}))
    assert "Plan" not in page


def test_a_viewer_reads_and_changes_nothing(client, acme):
    signature = factories.make_signature(acme)
    template = factories.make_template(acme, signature)
    client.force_login(factories.make_user(acme, role=User.Role.VIEWER))
    page = text_of(client.get(reverse("content:templates")))
    assert reverse("content:template_delete", args=[template.pk]) not in page
    assert reverse("content:template_new") not in page
    for address in [
        reverse("content:signature_new"),
        reverse("content:template_new"),
        reverse("content:signature_cancel", args=[signature.pk]),
        reverse("content:template_delete", args=[template.pk]),
        reverse("content:from_library", args=[LibraryTemplate.objects.first().pk]),
    ]:
        assert client.get(address).status_code == 403, address
        assert client.post(address).status_code == 403, address


def test_operators_and_passers_by_stay_outside(client, operator):
    assert client.get(reverse("content:signatures")).status_code == 302
    client.force_login(operator)
    assert client.get(reverse("content:signatures")).status_code == 403
