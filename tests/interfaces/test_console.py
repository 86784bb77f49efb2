"""Reviews of addresses and the interfaces of an enterprise, as an operator meets them."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.interfaces.scene import make_batch, make_network, make_target, owner_of
from yunxin.accounts.models import AuditEntry, Notice
from yunxin.interfaces import credentials
from yunxin.interfaces.models import Limits, PushTargetState
from yunxin.vocabulary import ReviewState

pytestmark = pytest.mark.django_db
QUEUE = "/console/reviews/networks/"


@pytest.fixture
def console(client: Client, operator: Any) -> Any:
    client.force_login(operator)
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_queue_leads_to_the_oldest(console: Client, acme: Any, globex: Any) -> None:
    assert "Everything has been decided." in text_of(console.get(QUEUE))
    first = make_network(acme)
    make_network(globex)
    page = text_of(console.get(QUEUE))
    assert f'class="figure" href="{QUEUE}{first.pk}/"' in page


def test_a_decision_leads_to_the_next(console: Client, acme: Any, globex: Any) -> None:
    one, other = make_network(acme), make_network(globex)
    page = text_of(console.get(f"{QUEUE}{one.pk}/"))
    assert "Others have the same address:" in page and "1 / 2" in page
    answer = console.post(f"{QUEUE}{one.pk}/", {"decision": "approve"})
    assert answer["Location"] == f"{QUEUE}{other.pk}/"
    answer = console.post(f"{QUEUE}{other.pk}/", {"decision": "reject", "ready": "0"})
    assert answer["Location"] == QUEUE
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.state, other.state) == (ReviewState.APPROVED, ReviewState.REJECTED)
    assert "larger than your servers need" in other.reject_reason
    assert Notice.objects.get(enterprise=acme).kind == "network.approved"


def test_a_rejection_needs_a_reason(console: Client, acme: Any) -> None:
    row = make_network(acme)
    for form in ({"decision": "reject"}, {"decision": "nonsense"}, {}):
        answer = console.post(f"{QUEUE}{row.pk}/", form)
        assert answer.status_code in (200, 422)
        row.refresh_from_db()
        assert row.state == ReviewState.PENDING
    assert "Say why" in text_of(console.post(f"{QUEUE}{row.pk}/", {"decision": "reject"}))


def test_two_reviewers_do_not_undo_one_another(console: Client, acme: Any) -> None:
    row = make_network(acme)
    console.post(f"{QUEUE}{row.pk}/", {"decision": "approve"})
    answer = console.post(f"{QUEUE}{row.pk}/", {"decision": "reject", "reason": "no"}, follow=True)
    assert "nothing was changed" in text_of(answer)
    row.refresh_from_db()
    assert row.state == ReviewState.APPROVED


def test_limits_are_set_and_the_dialect_switched_off(console: Client, acme: Any) -> None:
    path = f"/console/enterprises/{acme.pk}/interfaces/"
    console.post(path + "limits/", {"requests_per_s": "7", "recipients_per_s": ""})
    row = Limits.objects.get(pk=acme.pk)
    assert (row.ronghe_allowed, row.requests_per_s, row.recipients_per_s) == (False, 7, None)
    page = text_of(console.get(path))
    assert "switched off by an operator" in page
    assert console.post(path + "limits/", {"requests_per_s": "0"}).status_code == 422


def test_an_operator_ends_a_key(console: Client, acme: Any) -> None:
    made, key = credentials.create_access_key(acme, name="ERP", by=owner_of(acme))
    path = f"/console/enterprises/keys/{made.pk}/disable/"
    assert console.post(path, {"reason": " "}).status_code == 422
    console.post(path, {"reason": "It leaked."})
    made.refresh_from_db()
    assert made.disabled_at is not None
    assert AuditEntry.objects.filter(action="credential.disable", enterprise=acme).exists()
    assert key not in text_of(console.get(f"/console/enterprises/{acme.pk}/interfaces/"))


def test_the_enterprises_page_leads_to_its_interfaces(console: Client, acme: Any) -> None:
    make_target(acme, url="https://example.com/receipts")
    path = f"/console/enterprises/{acme.pk}/interfaces/"
    assert path in text_of(console.get(f"/console/enterprises/{acme.pk}/"))
    assert "https://example.com/receipts" in text_of(console.get(path))


def test_the_queue_costs_the_same_queries_whatever_its_length(
    console: Client, acme: Any, django_assert_num_queries: Any
) -> None:
    for n in range(10):
        make_network(acme, f"203.0.113.{n}/32")
    console.get(QUEUE)
    with django_assert_num_queries(7):  # session, user, bell, count, rows, waiting, the oldest
        console.get(QUEUE)


def test_an_operator_takes_an_allowed_address_off_with_a_reason(console: Client, acme: Any) -> None:
    row = make_network(acme, state=ReviewState.APPROVED)
    path = f"{QUEUE}{row.pk}/withdraw/"
    assert path in text_of(console.get(f"{QUEUE}{row.pk}/"))
    assert console.post(path, {"reason": ""}).status_code == 422
    console.post(path, {"reason": "Abused."})
    row.refresh_from_db()
    assert (row.state, row.reject_reason) == (ReviewState.CANCELLED, "Abused.")
    assert Notice.objects.get(enterprise=acme).kind == "network.withdrawn"
    assert "Abused." in text_of(console.get(f"{QUEUE}{row.pk}/"))
    answer = console.post(path, {"reason": "again"}, follow=True)
    assert "nothing was changed" in text_of(answer)
    console.force_login(owner_of(acme))
    assert "Abused." in text_of(console.get("/support/networks/"))


# Pushes ------------------------------------------------------------------------------------------


def test_an_operator_sees_how_an_enterprises_urls_behave(console: Client, acme: Any) -> None:
    target = make_target(acme)
    PushTargetState.objects.create(
        target_id=target.pk, enterprise_id=acme.pk, failures=6, last_error="connect",
        last_error_at=timezone.now(),
    )  # fmt: skip
    page = text_of(console.get(f"/console/enterprises/{acme.pk}/interfaces/"))
    assert target.url in page and "6 tries failed in a row" in page
    assert f"/console/enterprises/{acme.pk}/interfaces/pushes/" in page


def test_an_operator_reads_an_enterprises_push_log(console: Client, acme: Any, globex: Any) -> None:
    body = b'[{"mobile":"13800000000"}]'
    batch = make_batch(make_target(acme), state="dead", tries=3, body=body)
    theirs = make_batch(make_target(globex, url="https://globex.example.com/r"))
    log = f"/console/enterprises/{acme.pk}/interfaces/pushes/"
    page = text_of(console.get(log))
    assert f'href="{log}{batch}/"' in page and "globex.example.com" not in page
    page = text_of(console.get(f"{log}{batch}/"))
    assert "13800000000" in page and page.count("HTTP 500") == 3 and "oops" in page
    assert "/again/" not in page, "pushing again is the enterprise's own business"
    assert console.get(f"{log}{theirs}/").status_code == 404


def test_the_push_log_of_an_enterprise_is_for_operators(client: Client, acme: Any) -> None:
    batch = make_batch(make_target(acme))
    client.force_login(owner_of(acme))
    log = f"/console/enterprises/{acme.pk}/interfaces/pushes/"
    assert client.get(log).status_code == client.get(f"{log}{batch}/").status_code == 403
