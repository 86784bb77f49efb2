"""Enterprises, operators and the audit log in the console."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from yunxin.accounts.models import AuditEntry, Enterprise, Notice, User

pytestmark = pytest.mark.django_db
NEW = {
    "name": "Initech", "username": "initech", "full_name": "Bill", "contact_name": "",
    "contact_phone": "", "access_number": "1069000012", "extension_code": "88", "weight": "2",
}  # fmt: skip


@pytest.fixture
def console(client: Client, operator: Any) -> Client:
    client.force_login(operator)
    return client


def test_an_enterprise_is_created_with_its_owner(console: Client) -> None:
    page = console.post("/console/enterprises/new/", NEW, follow=True).content.decode()
    enterprise = Enterprise.objects.get(name="Initech")
    owner = enterprise.users.get()
    assert (owner.username, owner.role, owner.must_change_password) == ("initech", "owner", True)
    assert owner.check_password(page.partition('id="initial-password">')[2].partition("<")[0])
    assert len(enterprise.cpcode) == 6 and enterprise.cpcode.isupper()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Acme"),
        ("username", "acme"),
        ("weight", "0"),
        ("access_number", "10a"),
        ("name", ""),
    ],
)
def test_nothing_is_half_created(console: Client, acme: Any, field: str, value: str) -> None:
    answer = console.post("/console/enterprises/new/", NEW | {field: value})
    assert answer.status_code == 422
    assert Enterprise.objects.count() == 1 and not User.objects.filter(username="initech").exists()


def test_editing_keeps_what_changed(console: Client, acme: Any) -> None:
    data = {"name": "Acme", "weight": "5", "access_number": "1069"}
    console.post(f"/console/enterprises/{acme.pk}/edit/", data)
    acme.refresh_from_db()
    assert (acme.weight, acme.access_number) == (5, "1069")
    changed = AuditEntry.objects.get(action="enterprise.edit").detail["changed"]
    assert changed["weight"] == [1, 5] and "name" not in changed


def test_a_name_of_another_is_refused(console: Client, acme: Any, globex: Any) -> None:
    data = {"name": "Globex", "weight": "1"}
    answer = console.post(f"/console/enterprises/{acme.pk}/edit/", data)
    assert answer.status_code == 422 and "已有名为" in answer.content.decode()


def test_suspending_needs_a_reason_and_tells_the_enterprise(console: Client, acme: Any) -> None:
    path = f"/console/enterprises/{acme.pk}/suspend/"
    assert console.post(path, {"reason": ""}).status_code == 422
    assert console.post(path, {"reason": "Complaints."}).status_code == 302
    acme.refresh_from_db()
    assert not acme.is_active and acme.suspended_reason == "Complaints."
    assert Notice.objects.get(enterprise=acme).kind == "enterprise.suspended"
    console.post(f"/console/enterprises/{acme.pk}/resume/", {"reason": "Settled."})
    acme.refresh_from_db()
    assert acme.is_active


def test_operators_run_users_of_enterprises(console: Client, acme: Any) -> None:
    path = f"/console/enterprises/{acme.pk}/users/new/"
    console.post(path, {"username": "second", "full_name": "S", "role": "owner"})
    user = acme.users.get(username="second")
    console.post(f"/console/users/{user.pk}/disable/")
    user.refresh_from_db()
    assert not user.is_active
    console.post(f"/console/users/{user.pk}/enable/")
    answer = console.post(f"/console/users/{user.pk}/password/", follow=True)
    assert "初始密码" in answer.content.decode()


def test_operators_add_operators_but_do_not_disable_themselves(
    console: Client, operator: Any
) -> None:
    console.post("/console/operators/new/", {"username": "second", "full_name": "S"})
    assert User.objects.get(username="second").is_operator
    console.post(f"/console/users/{operator.pk}/disable/")
    operator.refresh_from_db()
    assert operator.is_active


def test_lists_search_and_filter(console: Client, acme: Any, globex: Any) -> None:
    page = console.get("/console/enterprises/?q=acme").content.decode()
    assert "ACMEAA" in page and "GLOBEX" not in page
    assert "ACMEAA" not in console.get("/console/enterprises/?state=False").content.decode()


def test_the_audit_log_filters_by_action_and_text(console: Client) -> None:
    console.post("/console/enterprises/new/", NEW)
    page = console.get("/console/audit/?action=enterprise.create").content.decode()
    assert "共 1 项" in page and "Initech" in page and "127.0.0.1" in page
    assert "共 2 项" in console.get("/console/audit/?q=initech").content.decode()


def test_lists_take_few_queries(console: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        console.post(
            "/console/enterprises/new/", NEW | {"name": f"E{number}", "username": f"user{number}"}
        )
    for path in ("/console/enterprises/", "/console/audit/"):
        with django_assert_max_num_queries(7):
            console.get(path)


def test_createoperator_prints_an_initial_password(db: None, capsys: Any) -> None:
    call_command("createoperator", "Boss", "--full-name", "The Boss")
    password = capsys.readouterr().out.partition("Initial password: ")[2].split()[0]
    user = User.objects.get(username="boss")
    assert user.is_operator and user.must_change_password and user.check_password(password)


@pytest.mark.parametrize("name", ["boss", "1x"])
def test_createoperator_says_why_not(db: None, name: str) -> None:
    call_command("createoperator", "boss")
    with pytest.raises(CommandError):
        call_command("createoperator", name)
