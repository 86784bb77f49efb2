"""Users of an enterprise: added, changed, disabled; somebody always remains in charge."""

from typing import Any

import pytest
from django.test import Client

from tests import factories
from yunxin.accounts import members
from yunxin.accounts.errors import LastOwner, NameTaken, NotYourself
from yunxin.accounts.models import AuditEntry, Notice, User

pytestmark = pytest.mark.django_db


def owner_of(name: str = "acme") -> User:
    return User.objects.get(username=name)


def test_a_new_user_gets_an_initial_password_that_is_shown_once(client: Client, acme: Any) -> None:
    client.force_login(owner_of())
    data = {"username": "ZhaoLei", "full_name": "Zhao Lei", "role": "sender"}
    page = client.post("/account/users/new/", data, follow=True)
    assert page.headers["Cache-Control"] == "no-store"
    user = owner_of("zhaolei")
    assert user.enterprise == acme and user.must_change_password
    password = page.content.decode().partition('id="initial-password">')[2].partition("<")[0]
    assert user.check_password(password)
    assert password not in client.get("/account/users/").content.decode()


def test_a_taken_name_is_refused_beside_its_field(client: Client, acme: Any, globex: Any) -> None:
    client.force_login(owner_of())
    data = {"username": "globex", "full_name": "Zhao Lei", "role": "sender"}
    page = client.post("/account/users/new/", data)
    assert page.status_code == 422 and "已被使用" in page.content.decode()
    assert 'value="Zhao Lei"' in page.content.decode()


@pytest.mark.parametrize("name", ["ab", "1abc", "with space", "名字", "a" * 65])
def test_account_names_follow_a_rule(client: Client, acme: Any, name: str) -> None:
    client.force_login(owner_of())
    data = {"username": name, "full_name": "X", "role": "sender"}
    assert client.post("/account/users/new/", data).status_code == 422


def test_nobody_becomes_an_operator_through_the_portal(client: Client, acme: Any) -> None:
    client.force_login(owner_of())
    data = {"username": "sneaky", "full_name": "X", "role": "operator"}
    assert client.post("/account/users/new/", data).status_code == 422
    assert not User.objects.filter(username="sneaky").exists()


def test_the_last_owner_stays(acme: Any, operator: Any) -> None:
    with pytest.raises(LastOwner):
        members.disable_user(owner_of(), by=operator)
    with pytest.raises(LastOwner):
        members.edit_user(owner_of(), by=operator, role="viewer", full_name="", phone="", email="")
    factories.make_user(acme, "second")
    members.disable_user(owner_of(), by=operator)
    assert not owner_of().is_active


def test_a_disabled_owner_does_not_count(acme: Any, operator: Any) -> None:
    factories.make_user(acme, "second", is_active=False)
    with pytest.raises(LastOwner):
        members.disable_user(owner_of(), by=operator)


def test_nobody_disables_themselves(acme: Any) -> None:
    factories.make_user(acme, "second")
    with pytest.raises(NotYourself):
        members.disable_user(owner_of(), by=owner_of())


def test_a_reset_shows_a_new_password_and_ends_sessions(client: Client, acme: Any) -> None:
    user = factories.make_user(acme, "zhaolei", role=User.Role.SENDER)
    theirs = Client()
    theirs.force_login(user)
    client.force_login(owner_of())
    question = client.get(f"/account/users/{user.pk}/password/")
    assert 'id="question"' in question.content.decode()
    answer = client.post(f"/account/users/{user.pk}/password/", follow=True)
    assert "初始密码" in answer.content.decode()
    assert theirs.get("/account/company/").status_code == 302


def test_disabling_asks_first_and_can_be_undone(client: Client, acme: Any) -> None:
    user = factories.make_user(acme, "zhaolei", role=User.Role.SENDER)
    client.force_login(owner_of())
    client.get(f"/account/users/{user.pk}/disable/")
    user.refresh_from_db()
    assert user.is_active
    client.post(f"/account/users/{user.pk}/disable/")
    user.refresh_from_db()
    assert not user.is_active
    client.post(f"/account/users/{user.pk}/enable/")
    user.refresh_from_db()
    assert user.is_active


def test_names_are_unique_on_the_whole_platform(acme: Any, globex: Any) -> None:
    with pytest.raises(NameTaken):
        members.add_user(acme, by=None, username="GLOBEX", role="viewer")


def test_every_step_is_in_the_audit_log(acme: Any) -> None:
    user, _password = members.add_user(acme, by=owner_of(), username="zhaolei", role="sender")
    members.edit_user(user, by=owner_of(), role="viewer", full_name="Z", phone="", email="")
    members.reset_password(user, by=owner_of())
    members.disable_user(user, by=owner_of())
    members.enable_user(user, by=owner_of())
    actions = AuditEntry.objects.filter(enterprise=acme, subject="zhaolei").order_by("id")
    assert [entry.action for entry in actions] == [
        "user.create", "user.edit", "user.reset_password", "user.disable", "user.enable",
    ]  # fmt: skip


def test_the_list_takes_few_queries(
    client: Client, acme: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        factories.make_user(acme, f"person{number}")
    client.force_login(owner_of())
    with django_assert_max_num_queries(8):
        client.get("/account/users/?size=50")


def test_an_enterprise_hears_that_an_operator_reset_a_password(acme: Any, operator: Any) -> None:
    user = User.objects.get(username="acme")
    members.reset_password(user, by=user)
    assert not Notice.objects.exists(), "what its own people do is no news"
    members.reset_password(user, by=User.objects.get(username="operator"))
    (notice,) = Notice.objects.all()
    assert (notice.enterprise, notice.kind, notice.subject) == (acme, "user.password_reset", "acme")
