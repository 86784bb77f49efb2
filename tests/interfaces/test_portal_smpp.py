"""The enterprise's own SMPP accounts, as its people meet them."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.interfaces.scene import (
    make_network,
    make_smpp_account,
    make_smpp_delivery,
    make_smpp_session,
    owner_of,
)
from yunxin.accounts.models import Notice, User
from yunxin.interfaces.models import AllowedNetwork
from yunxin.vocabulary import ReviewState

pytestmark = pytest.mark.django_db
LIST = "/support/smpp/"


@pytest.fixture
def owner(client: Client, acme: Any) -> Client:
    client.force_login(owner_of(acme))
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_without_an_account_one_is_told_how_to_get_one(owner: Client) -> None:
    assert "You have no SMPP account yet." in text_of(owner.get(LIST))


def test_accounts_are_shown_with_how_they_are_doing(owner: Client, acme: Any, globex: Any) -> None:
    account = make_smpp_account(acme, "acme-erp", sessions_max=4, networks=["203.0.113.8/32"])
    make_smpp_account(globex, "globex-erp")
    make_smpp_session(account)
    make_smpp_delivery(account)
    page = text_of(owner.get(LIST))
    assert "acme-erp" in page and "1 / 4" in page and "Bound" in page
    assert "globex-erp" not in page
    page = text_of(owner.get(f"{LIST}{account.pk}/"))
    assert "203.0.113.8:40000" in page and "203.0.113.8/32" in page
    assert "/close/" not in page, "sessions are the operators' business"


def test_the_servers_address_is_shown(owner: Client, acme: Any, settings: Any) -> None:
    make_smpp_account(acme)
    settings.CONFIG = replace(settings.CONFIG, smpp_address="sms.example.com:2775")
    page = text_of(owner.get(LIST))
    assert "sms.example.com" in page and "2775" in page
    settings.CONFIG = replace(settings.CONFIG, smpp_address="")
    assert "Ask the operators for the address." in text_of(owner.get(LIST))


def test_an_owner_asks_for_an_address(owner: Client, acme: Any) -> None:
    account = make_smpp_account(acme)
    page = f"{LIST}{account.pk}/"
    answer = owner.post(page + "networks/new/", {"network": "203.0.113.8", "note": "gateway"})
    assert answer["Location"] == page
    row = AllowedNetwork.objects.get()
    assert (row.smpp_account, row.state) == (account, ReviewState.PENDING)
    assert Notice.objects.get(enterprise=None).kind == "network.applied"
    assert "In review" in text_of(owner.get(page))
    assert "203.0.113.8" not in text_of(owner.get("/support/networks/")), "it is not the dialect's"
    answer = owner.post(page + "networks/new/", {"network": "203.0.113.8"})
    assert answer.status_code == 422 and "on the list already" in text_of(answer)
    withdraw = f"/support/networks/{row.pk}/withdraw/"
    assert "Nobody can bind" in text_of(owner.get(withdraw))
    assert owner.post(withdraw)["Location"] == page
    row.refresh_from_db()
    assert row.state == ReviewState.CANCELLED


def test_a_rejection_is_read_beside_the_account(owner: Client, acme: Any) -> None:
    account = make_smpp_account(acme)
    make_network(acme, smpp_account=account, state=ReviewState.REJECTED, reject_reason="Too large.")
    assert "Too large." in text_of(owner.get(f"{LIST}{account.pk}/"))


def test_a_password_is_shown_once(owner: Client, acme: Any) -> None:
    account = make_smpp_account(acme, "erp")
    old = bytes(account.password_hash)
    path = f"{LIST}{account.pk}/password/"
    assert owner.get(path).status_code == 200
    answer = owner.post(path, follow=True)
    assert "no-store" in answer["Cache-Control"]
    found = re.search(r'id="new-password">([^<]{8})<', text_of(answer))
    account.refresh_from_db()
    assert found and bytes(account.password_hash) != old
    again = owner.get(answer.redirect_chain[-1][0])
    assert again.status_code == 404 and found[1] not in text_of(again)
    assert found[1] not in text_of(owner.get(f"{LIST}{account.pk}/"))


@pytest.mark.parametrize("role", [User.Role.SENDER, User.Role.VIEWER])
def test_who_is_no_owner_only_looks(client: Client, acme: Any, role: str) -> None:
    account = make_smpp_account(acme)
    client.force_login(factories.make_user(acme, role=role))
    page = f"{LIST}{account.pk}/"
    told = text_of(client.get(page))
    assert client.get(LIST).status_code == 200
    for path in ("networks/new/", "password/"):
        assert f"{page}{path}" not in told
        assert client.get(page + path).status_code == client.post(page + path).status_code == 403


def test_a_strangers_account_is_not_found(client: Client, acme: Any, globex: Any) -> None:
    account = make_smpp_account(acme)
    client.force_login(owner_of(globex))
    for path in ("", "networks/new/", "password/"):
        assert client.get(f"{LIST}{account.pk}/{path}").status_code == 404
        assert client.post(f"{LIST}{account.pk}/{path}").status_code == 404


def test_the_pages_cost_the_same_queries_however_many_accounts(
    owner: Client, acme: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(9):
        make_smpp_session(make_smpp_account(acme))
    owner.get(LIST)
    with django_assert_num_queries(10):
        owner.get(LIST)
