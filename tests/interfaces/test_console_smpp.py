"""The SMPP server's accounts, as an operator meets them."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.interfaces.scene import (
    make_network,
    make_smpp_account,
    make_smpp_delivery,
    make_smpp_session,
    make_smpp_state,
    owner_of,
)
from yunxin.dialects import smpp_passwords
from yunxin.interfaces.smpp_models import SmppAccount, SmppSession

pytestmark = pytest.mark.django_db
LIST = "/console/smpp/"
FORM = {
    "name": "ERP", "networks": "203.0.113.8\n198.51.100.0/24", "sessions_max": "2",
    "window": "50", "rate_per_s": "300", "text_mode": "free", "traffic": "verification",
    "source_rule": "extension", "extension": "", "replies": "all", "default_alphabet": "latin1",
}  # fmt: skip


@pytest.fixture
def console(client: Client, operator: Any) -> Client:
    client.force_login(operator)
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def shown_password(page: str) -> str:
    found = re.search(r'id="new-password">([^<]+)<', page)
    assert found
    return found[1]


def opens(account: SmppAccount, password: str) -> bool:
    account.refresh_from_db()
    kept = bytes(account.password_hash)
    return smpp_passwords.matches(settings.SECRET_KEY, account.system_id, password, kept)


def test_an_account_is_made_and_its_password_shown_once(console: Client, acme: Any) -> None:
    path = f"/console/enterprises/{acme.pk}/interfaces/smpp/"
    assert 'value="acmeaa1"' in text_of(console.get(path))
    answer = console.post(path, {**FORM, "system_id": "acmeaa1"}, follow=True)
    account = SmppAccount.objects.get()
    assert (account.enterprise, account.system_id, account.created_by.username) == (
        acme, "acmeaa1", "operator",
    )  # fmt: skip
    assert account.networks == ["203.0.113.8/32", "198.51.100.0/24"]
    assert (account.window, account.rate_per_s, account.sessions_max) == (50, 300, 2)
    assert (account.text_mode, account.traffic, account.replies) == ("free", "verification", "all")
    assert "no-store" in answer["Cache-Control"]
    password = shown_password(text_of(answer))
    assert opens(account, password)
    shown = answer.redirect_chain[-1][0]
    again = console.get(shown)
    assert again.status_code == 404 and password not in text_of(again)
    for page in (LIST, f"{LIST}{account.pk}/", f"/console/enterprises/{acme.pk}/interfaces/"):
        told = text_of(console.get(page))
        assert "acmeaa1" in told and password not in told


def test_a_form_sent_twice_makes_one_account(console: Client, acme: Any) -> None:
    path = f"/console/enterprises/{acme.pk}/interfaces/smpp/"
    number = re.search(r'name="form_number" value="([^"]+)"', text_of(console.get(path)))
    assert number
    form = {**FORM, "system_id": "acmeaa1", "form_number": number[1]}
    answers = [console.post(path, form) for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert SmppAccount.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"system_id": "a b"}, "Use 3 to 15 letters"),
        ({"system_id": "x" * 16}, "At most 15 characters"),
        ({"system_id": "taken"}, "This name is taken"),
        ({"name": ""}, "Please fill in"),
        ({"networks": "somewhere"}, "Enter an IP address"),
        ({"networks": " ".join(f"203.0.113.{n}" for n in range(51))}, "At most 50 addresses"),
        ({"window": "0"}, "at least 1"),
        ({"window": "1001"}, "at most 1000"),
        ({"rate_per_s": "10001"}, "at most 10000"),
        ({"sessions_max": "51"}, "at most 50"),
        ({"text_mode": "any"}, "not one of the choices"),
        ({"extension": "12x"}, "Use digits only"),
    ],
)
def test_a_bad_form_says_what_to_do(
    console: Client, acme: Any, globex: Any, wrong: dict[str, str], says: str
) -> None:
    make_smpp_account(globex, "taken")
    path = f"/console/enterprises/{acme.pk}/interfaces/smpp/"
    answer = console.post(path, {**FORM, "system_id": "acmeaa1", **wrong})
    assert answer.status_code == 422 and says in text_of(answer)
    assert not acme.smpp_accounts.exists()


def test_settings_are_changed_but_never_the_name(console: Client, acme: Any) -> None:
    account = make_smpp_account(acme, "erp", networks=["203.0.113.1/32"])
    path = f"{LIST}{account.pk}/edit/"
    page = text_of(console.get(path))
    assert "203.0.113.1/32" in page and 'name="system_id"' not in page
    answer = console.post(path, {**FORM, "system_id": "other", "networks": ""})
    assert answer["Location"] == f"{LIST}{account.pk}/"
    account.refresh_from_db()
    assert (account.system_id, account.rate_per_s, account.networks) == ("erp", 300, [])
    assert console.post(path, {**FORM, "window": "0"}).status_code == 422


def test_another_password_is_shown_once(console: Client, acme: Any) -> None:
    account = make_smpp_account(acme)
    path = f"{LIST}{account.pk}/password/"
    assert console.get(path).status_code == 200
    answer = console.post(path, follow=True)
    assert opens(account, shown_password(text_of(answer)))
    assert console.get(answer.redirect_chain[-1][0]).status_code == 404


def test_an_account_is_disabled_with_a_reason_and_enabled(console: Client, acme: Any) -> None:
    account = make_smpp_account(acme)
    page = f"{LIST}{account.pk}/"
    assert console.post(page + "disable/", {"reason": " "}).status_code == 422
    console.post(page + "disable/", {"reason": "It floods."})
    account.refresh_from_db()
    assert not account.enabled
    assert "The account is disabled" in text_of(console.get(page))
    assert "nothing was changed" in text_of(
        console.post(page + "disable/", {"reason": "again"}, follow=True)
    )
    assert console.get(page + "enable/").status_code == 200
    console.post(page + "enable/")
    account.refresh_from_db()
    assert account.enabled


def test_sessions_are_shown_and_closed(console: Client, acme: Any) -> None:
    account = make_smpp_account(acme, window=16)
    session = make_smpp_session(account, submitted=1234, unanswered=3, mode="receiver")
    make_smpp_session(account, seconds_ago=60, address="198.51.100.1:1")
    page = text_of(console.get(f"{LIST}{account.pk}/"))
    assert "203.0.113.8:40000" in page and "198.51.100.1:1" not in page
    assert "1,234" in page and "3 / 16" in page and "Receiver" in page
    path = f"{LIST}{account.pk}/sessions/{session}/close/"
    assert path in page
    assert console.get(path).status_code == 200
    assert SmppSession.objects.get(pk=session).close_wished_at is None, "a question changes nothing"
    assert "is being closed" in text_of(console.post(path, follow=True))
    assert SmppSession.objects.get(pk=session).close_wished_at is not None
    assert "Being closed" in text_of(console.get(f"{LIST}{account.pk}/"))


def test_a_session_belongs_to_its_account(console: Client, acme: Any, globex: Any) -> None:
    account, theirs = make_smpp_account(acme), make_smpp_account(globex)
    session = make_smpp_session(theirs)
    path = f"{LIST}{account.pk}/sessions/{session}/close/"
    assert "over already" in text_of(console.post(path, follow=True))
    assert SmppSession.objects.get(pk=session).close_wished_at is None


def test_what_waits_and_who_was_refused_is_seen(console: Client, acme: Any) -> None:
    account = make_smpp_account(acme)
    make_smpp_delivery(account)
    make_smpp_delivery(account, "reply")
    make_smpp_state(
        account, last_refused_at="2026-11-03", last_refusal="address",
        last_refused_address="198.51.100.7:5",
    )  # fmt: skip
    page = text_of(console.get(f"{LIST}{account.pk}/"))
    assert "The latest try to bind was refused" in page and "198.51.100.7:5" in page
    assert "The address is not allowed." in page
    assert "Bind refused" in text_of(console.get(LIST))
    assert "Bind refused" in text_of(console.get(f"/console/enterprises/{acme.pk}/interfaces/"))


def test_the_list_finds_accounts(console: Client, acme: Any, globex: Any) -> None:
    make_smpp_account(acme, "acme-erp")
    make_smpp_account(globex, "globex-erp", enabled=False)
    assert "There is no SMPP" not in text_of(console.get(LIST))
    for query, finds in (("q=acme-", "acme-erp"), ("enabled=False", "globex-erp")):
        page = text_of(console.get(f"{LIST}?{query}"))
        assert [each for each in ("acme-erp", "globex-erp") if each in page] == [finds]


def test_the_list_costs_the_same_queries_whatever_its_length(
    console: Client, acme: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(9):
        make_smpp_session(make_smpp_account(acme))
    console.get(LIST)
    with django_assert_num_queries(8):  # session, user, bell, count, rows, and three of live
        console.get(LIST)


def test_a_review_says_for_which_account_it_is(console: Client, acme: Any) -> None:
    account = make_smpp_account(acme, "erp")
    row = make_network(acme, smpp_account=account)
    queue = "/console/reviews/networks/"
    assert "SMPP account erp" in text_of(console.get(queue))
    assert f"{LIST}{account.pk}/" in text_of(console.get(f"{queue}{row.pk}/"))
    console.post(f"{queue}{row.pk}/", {"decision": "approve"})
    account.refresh_from_db()
    assert account.networks == [row.network]
    answer = console.post(f"{queue}{row.pk}/withdraw/", {"reason": "Abused."}, follow=True)
    assert "last address" in text_of(answer)


def test_enterprises_do_not_get_in(client: Client, acme: Any) -> None:
    account = make_smpp_account(acme)
    client.force_login(owner_of(acme))
    for path in ("", f"{account.pk}/", f"{account.pk}/edit/", f"{account.pk}/password/"):
        assert client.get(LIST + path).status_code == 403
        assert client.post(LIST + path).status_code == 403
