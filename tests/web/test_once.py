"""What is sent twice is carried out once; what may be seen once is seen once."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from tests import factories
from yunxin.accounts.models import Enterprise, User
from yunxin.billing.models import Package
from yunxin.campaigns.models import Campaign
from yunxin.content.models import Signature
from yunxin.content.models import Template as TextTemplate
from yunxin.interfaces import credentials
from yunxin.interfaces.models import AllowedNetwork, Credential, PushTarget
from yunxin.web import once
from yunxin.web.models import KeptSecret, SentForm

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(acme: Any) -> Callable[..., Any]:
    """A request of Acme's owner, or of somebody else, as views get it."""

    def make(user: Any = None, **form: str) -> Any:
        request: Any = RequestFactory().post("/", form)
        request.user = user or acme.users.get(role=User.Role.OWNER)
        request._messages = []
        return request

    return make


class View:
    """A view that counts how often it is carried out."""

    def __init__(self, status: int = 302) -> None:
        self.status = status
        self.times = 0

    def __call__(self, request: Any) -> HttpResponse:
        self.times += 1
        if self.status == 302:
            return HttpResponseRedirect(f"/made/{self.times}/")
        return HttpResponse(status=self.status)


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(once.messages, "info", lambda _request, text: told.append(str(text)))
    return told


# Forms -------------------------------------------------------------------------------------------


def test_the_second_sending_is_led_where_the_first_was(ask: Any, no_messages: list[str]) -> None:
    view = View()
    guarded = once.once(view)
    assert guarded(ask(form_number="a"))["Location"] == "/made/1/"
    assert guarded(ask(form_number="a"))["Location"] == "/made/1/"
    assert view.times == 1 and len(no_messages) == 1
    assert guarded(ask(form_number="b"))["Location"] == "/made/2/"


def test_who_goes_back_and_writes_something_else_sends_another_form(ask: Any) -> None:
    """A browser that goes back shows the form with its old number."""
    view = View()
    guarded = once.once(view)
    assert guarded(ask(form_number="a", name="x"))["Location"] == "/made/1/"
    assert guarded(ask(form_number="a", name="y"))["Location"] == "/made/2/"
    assert (
        guarded(ask(form_number="a", name="x", csrfmiddlewaretoken="1"))["Location"] == "/made/1/"
    )
    assert view.times == 2


def test_a_form_with_errors_may_be_sent_again(ask: Any) -> None:
    view = View(422)
    guarded = once.once(view)
    assert guarded(ask(form_number="a")).status_code == 422
    view.status = 302
    assert guarded(ask(form_number="a"))["Location"] == "/made/2/"


def test_what_broke_may_be_sent_again(ask: Any) -> None:
    def breaks(request: Any) -> HttpResponse:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        once.once(breaks)(ask(form_number="a"))
    assert once.once(View())(ask(form_number="a"))["Location"] == "/made/1/"


def test_somebody_elses_number_is_another_number(ask: Any, globex: Any) -> None:
    view = View()
    guarded = once.once(view)
    guarded(ask(form_number="a"))
    guarded(ask(globex.users.get(), form_number="a"))
    assert view.times == 2


def test_a_form_without_a_number_is_carried_out_each_time(ask: Any) -> None:
    view = View()
    for _ in range(2):
        once.once(view)(ask())
    assert view.times == 2 and not SentForm.objects.exists()


def test_each_form_has_a_number_of_its_own() -> None:
    shown = {Template("{% load yunxin %}{% form_number %}").render(Context()) for _ in range(3)}
    assert len(shown) == 3
    assert len(number_in(shown.pop())) == 32


def test_two_at_the_same_time_are_one(committed: None) -> None:
    owner = factories.make_user(factories.make_enterprise(), "owner")

    def post(_n: int) -> str:
        own = Client()
        own.force_login(owner)
        form = {"network": "203.0.113.8", "form_number": "same"}
        answer = own.post("/support/networks/new/", form)
        connection.close()
        assert answer.status_code == 302, answer.content
        return str(answer["Location"])

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(post, range(4))) == {"/support/networks/"}
    assert AllowedNetwork.objects.count() == 1


# The forms that make something -------------------------------------------------------------------


def number_in(page: str) -> str:
    found = re.search(rf'name="{once.FIELD}" value="([\w-]+)"', page)
    assert found, "the page's form has a number"
    return found[1]


def sent_twice(client: Client, path: str, form: dict[str, Any]) -> tuple[Any, Any]:
    """Both answers to the same form."""
    number = number_in(client.get(path).content.decode())
    answers = [client.post(path, {**form, once.FIELD: number}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302], re.findall(
        r"<li>.*?</li>", answers[0].content.decode()
    )
    assert answers[0]["Location"] == answers[1]["Location"]
    return answers[0], answers[1]


SIGNATURE = {"name": "云启", "kind": "company", "purpose": "通知"}
TEMPLATE = {
    "name": "发货", "kind": "industry", "traffic": "notice", "position": "front",
    "content": "您的订单已发货。", "carriers": ["mobile"],
}  # fmt: skip
OPERATORS = {
    "/console/enterprises/new/": {"name": "Initech", "username": "initech", "weight": 1},
    "/console/operators/new/": {"username": "second", "full_name": "李四"},
}


def test_one_signature_and_one_template(client: Client, acme: Any) -> None:
    client.force_login(acme.users.get(role=User.Role.OWNER))
    Enterprise.objects.filter(pk=acme.pk).update(name="云启")
    sent_twice(client, "/sms/signatures/new/", SIGNATURE)
    assert Signature.objects.count() == 1
    signature = factories.make_signature(acme)
    sent_twice(client, "/sms/templates/new/", TEMPLATE | {"signature": signature.pk})
    assert TextTemplate.objects.count() == 1


def test_one_package(client: Client, acme: Any, operator: Any) -> None:
    client.force_login(operator)
    now = timezone.now()
    form = {
        "enterprise": acme.pk, "name": "十万条", "segments": 100_000,
        "valid_from": f"{now:%Y-%m-%d}", "valid_to": f"{now + timedelta(days=365):%Y-%m-%d}",
        "reason": "订单 1",
    }  # fmt: skip
    sent_twice(client, reverse("billing:console_grant"), form)
    package = Package.objects.get()
    sent_twice(
        client, reverse("billing:console_adjust", args=[package.pk]),
        {"change": 500, "reason": "补偿"},
    )  # fmt: skip
    package.refresh_from_db()
    assert package.total == 100_500


@pytest.mark.parametrize("path", OPERATORS)
def test_one_enterprise_and_one_operator(client: Client, operator: Any, path: str) -> None:
    client.force_login(operator)
    before = User.objects.count()
    first, _second = sent_twice(client, path, OPERATORS[path])
    assert User.objects.count() == before + 1
    page = client.get(first["Location"])
    assert 'id="initial-password"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert client.get(first["Location"]).status_code == 404


@pytest.mark.parametrize("path", ["/support/keys/new/", "/support/keys/access-key/"])
def test_one_key(client: Client, acme: Any, path: str) -> None:
    client.force_login(acme.users.get(role=User.Role.OWNER))
    sent_twice(client, path, {"name": "ERP", "scopes": ["messages:send"]})
    assert Credential.objects.count() == 1


def test_one_new_key_for_an_old_one(client: Client, acme: Any) -> None:
    client.force_login(acme.users.get(role=User.Role.OWNER))
    old, _key = credentials.create_key(acme, name="ERP", scopes=[])
    sent_twice(client, f"/support/keys/{old.pk}/rotate/", {"overlap": "24"})
    assert Credential.objects.count() == 2


def test_one_signing_secret(client: Client, acme: Any) -> None:
    client.force_login(acme.users.get(role=User.Role.OWNER))
    form = {"url": "https://erp.example.com/x", "format": "v1", "enabled": "on"}
    first, _ = sent_twice(client, "/support/pushes/receipts/", form)
    sealed = PushTarget.objects.get().sealed_secret
    assert "whsec_" in client.get(first["Location"]).content.decode()
    assert PushTarget.objects.get().sealed_secret == sealed


def test_one_task(client: Client, acme: Any) -> None:
    client.force_login(acme.users.get(role=User.Role.OWNER))
    template = factories.make_template(acme)
    sent_twice(client, "/sms/campaigns/new/", {"name": "任务", "template": template.pk})
    assert Campaign.objects.count() == 1


# Secrets -----------------------------------------------------------------------------------------


def test_a_secret_is_shown_once_and_kept_sealed(ask: Any) -> None:
    ticket = once.keep(ask(), key="yx_live_secret", id=7)
    assert "yx_live_secret" not in KeptSecret.objects.get().sealed
    assert once.take(ask(), ticket) == {"key": "yx_live_secret", "id": 7}
    assert once.take(ask(), ticket) is None
    assert not KeptSecret.objects.exists()


def test_a_secret_is_shown_to_nobody_else(ask: Any, globex: Any) -> None:
    ticket = once.keep(ask(), key="x")
    assert once.take(ask(globex.users.get()), ticket) is None
    assert once.take(ask(), ticket) == {"key": "x"}


def test_a_secret_that_nobody_came_to_see_is_forgotten(ask: Any) -> None:
    ticket = once.keep(ask(), key="x")
    SentForm.objects.create(user_id=1, number="a")
    once.forget_old()
    assert KeptSecret.objects.exists() and SentForm.objects.exists()
    KeptSecret.objects.update(at=timezone.now() - once.SECRETS_KEPT)
    assert once.take(ask(), ticket) is None
    SentForm.objects.update(at=timezone.now() - once.FORMS_KEPT * 2)
    once.forget_old()
    assert not KeptSecret.objects.exists() and not SentForm.objects.exists()


def test_the_page_of_a_secret_that_was_shown_makes_no_other(client: Client, acme: Any) -> None:
    client.force_login(acme.users.get(role=User.Role.OWNER))
    path = client.post("/support/keys/access-key/", {"name": "ERP"})["Location"]
    assert client.head(path).status_code == 405, "a look at the head would use it up"
    assert 'id="new-key"' in client.get(path).content.decode()
    again = client.get(path)
    assert again.status_code == 404 and 'id="new-key"' not in again.content.decode()
    assert Credential.objects.count() == 1
