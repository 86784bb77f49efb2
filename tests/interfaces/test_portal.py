"""Keys and addresses, as people of an enterprise meet them."""

from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.interfaces.scene import make_network, make_use, owner_of
from yunxin.accounts.models import User
from yunxin.dialects import keys
from yunxin.interfaces import credentials
from yunxin.interfaces.models import AllowedNetwork, Credential
from yunxin.vocabulary import CredentialKind, ReviewState

pytestmark = pytest.mark.django_db
KEYS, NETWORKS = "/support/keys/", "/support/networks/"


@pytest.fixture
def owner(client: Client, acme: Any) -> Any:
    client.force_login(owner_of(acme))
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


# Keys --------------------------------------------------------------------------------------------


def test_a_key_of_v1_is_shown_once(owner: Client, acme: Any) -> None:
    form = {"name": "ERP", "scopes": ["messages:send"], "networks": "203.0.113.8\n198.51.100.0/24"}
    answer = owner.post(KEYS + "new/", form, follow=True)
    made = Credential.objects.get()
    assert made.networks == ["203.0.113.8/32", "198.51.100.0/24"]
    assert "no-store" in answer["Cache-Control"]
    page = text_of(answer)
    start = page.index(keys.PREFIX + made.key_id)
    key = page[start : start + len(keys.PREFIX) + 12 + 1 + 40]
    assert keys.hash_of(key) == bytes(made.secret_hash)
    later = text_of(owner.get(KEYS))
    assert key not in later and made.hint in later


def test_an_access_key_is_shown_once(owner: Client, acme: Any) -> None:
    page = text_of(owner.post(KEYS + "access-key/", {"name": "ERP"}, follow=True))
    ((made, key),) = credentials.access_keys(acme)
    assert key in page and acme.cpcode in page
    assert made.kind == CredentialKind.RONGHE
    assert key not in text_of(owner.get(KEYS))


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"name": "", "scopes": ["messages:send"]}, "Please fill in"),
        ({"name": "x", "scopes": []}, "Please fill in"),
        ({"name": "x", "scopes": ["everything"]}, "not one of the choices"),
        ({"name": "x", "scopes": ["messages:send"], "networks": "0.0.0.0/0"}, "too large"),
        (
            {"name": "x", "scopes": ["messages:send"],
             "networks": " ".join(f"203.0.113.{n}" for n in range(21))},
            "At most 20 addresses",
        ),
    ],
)  # fmt: skip
def test_a_bad_key_form_says_what_to_do(owner: Client, form: dict[str, Any], says: str) -> None:
    answer = owner.post(KEYS + "new/", form)
    assert answer.status_code == 422 and says in text_of(answer)
    assert not Credential.objects.exists()


def test_the_third_access_key_is_refused_in_words(owner: Client, acme: Any) -> None:
    for _ in range(2):
        credentials.create_access_key(acme, name="x")
    answer = owner.post(KEYS + "access-key/", {"name": "third"})
    assert answer.status_code == 422 and "At most 2 keys" in text_of(answer)


def test_a_key_is_replaced_and_disabled(owner: Client, acme: Any) -> None:
    made, _ = credentials.create_key(acme, name="ERP", scopes=[])
    assert "Both work until" in text_of(owner.get(f"{KEYS}{made.pk}/rotate/"))
    page = text_of(owner.post(f"{KEYS}{made.pk}/rotate/", {"overlap": "24"}, follow=True))
    assert keys.PREFIX in page
    assert "Being replaced" in text_of(owner.get(KEYS))
    owner.post(f"{KEYS}{made.pk}/disable/")
    made.refresh_from_db()
    assert made.disabled_at is not None
    answer = owner.post(f"{KEYS}{made.pk}/disable/", follow=True)
    assert "not in use any more" in text_of(answer)


def test_a_bad_overlap_is_asked_for_again(owner: Client, acme: Any) -> None:
    made, _ = credentials.create_key(acme, name="ERP", scopes=[])
    assert owner.post(f"{KEYS}{made.pk}/rotate/", {"overlap": "9"}).status_code == 422
    assert Credential.objects.count() == 1


def test_limits_and_use_are_shown(owner: Client, acme: Any) -> None:
    made, _ = credentials.create_key(acme, name="ERP", scopes=["messages:send"])
    make_use(made, "ok", 1234)
    make_use(made, "no_balance", 5)
    page = text_of(owner.get(KEYS))
    assert "1,239" in page and "5 refused" in page and "no_balance" in page
    assert "2,000" in page, "recipients a second"


@pytest.mark.parametrize("role", [User.Role.SENDER, User.Role.VIEWER])
def test_others_see_and_change_nothing(client: Client, acme: Any, role: str) -> None:
    made, _ = credentials.create_key(acme, name="ERP", scopes=[])
    network = make_network(acme)
    client.force_login(factories.make_user(acme, role=role))
    assert (
        "Disable" not in text_of(client.get(KEYS)).partition("<tbody>")[2].partition("</tbody>")[0]
    )
    assert client.get(NETWORKS).status_code == 200
    for path in (
        f"{KEYS}new/", f"{KEYS}access-key/", f"{KEYS}{made.pk}/rotate/",
        f"{KEYS}{made.pk}/disable/", f"{NETWORKS}new/", f"{NETWORKS}{network.pk}/withdraw/",
    ):  # fmt: skip
        assert client.get(path).status_code == 403
        assert client.post(path).status_code == 403
    made.refresh_from_db()
    assert made.disabled_at is None


def test_a_stranger_sees_404(client: Client, acme: Any, globex: Any) -> None:
    made, _ = credentials.create_key(acme, name="ERP", scopes=[])
    network = make_network(acme)
    client.force_login(owner_of(globex))
    for path in (
        f"{KEYS}{made.pk}/rotate/", f"{KEYS}{made.pk}/disable/",
        f"{NETWORKS}{network.pk}/withdraw/",
    ):  # fmt: skip
        assert client.get(path).status_code == 404
        assert client.post(path, {"overlap": "0"}).status_code == 404
    assert made.hint not in text_of(client.get(KEYS))
    assert "203.0.113.8" not in text_of(client.get(NETWORKS)).replace("203.0.113.8, or", "")


# Addresses ---------------------------------------------------------------------------------------


def test_an_address_is_asked_for_and_withdrawn(owner: Client, acme: Any) -> None:
    owner.post(NETWORKS + "new/", {"network": "203.0.113.8", "note": "ERP server"})
    row = AllowedNetwork.objects.get()
    assert (row.network, row.state) == ("203.0.113.8/32", ReviewState.PENDING)
    assert "In review" in text_of(owner.get(NETWORKS))
    owner.post(f"{NETWORKS}{row.pk}/withdraw/")
    row.refresh_from_db()
    assert row.state == ReviewState.CANCELLED


def test_what_was_typed_is_kept_beside_the_error(owner: Client) -> None:
    answer = owner.post(NETWORKS + "new/", {"network": "203.0.113.5/24", "note": "ours"})
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Did you mean 203.0.113.0/24?" in page and "203.0.113.5/24" in page and "ours" in page


def test_a_rejection_shows_its_reason(owner: Client, acme: Any) -> None:
    make_network(acme, state=ReviewState.REJECTED, reject_reason="Too large.")
    assert "Too large." in text_of(owner.get(NETWORKS))


@pytest.mark.parametrize(("path", "queries"), [(KEYS, 10), (NETWORKS, 7)])
def test_the_lists_cost_the_same_queries_whatever_their_length(
    owner: Client, acme: Any, django_assert_num_queries: Any, path: str, queries: int
) -> None:
    for n in range(10):
        credentials.create_key(acme, name=f"key {n}", scopes=[], by=owner_of(acme))
        make_network(acme, f"203.0.113.{n}/32", created_by=owner_of(acme))
    owner.get(path)
    # session, user, enterprise, bell, balance, count, rows; of keys use, limits and days as well
    with django_assert_num_queries(queries):
        owner.get(path)
