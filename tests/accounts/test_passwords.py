"""First passwords, changed passwords, and the sessions that end with the old ones."""

from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.test import Client

from tests import factories
from yunxin.accounts import passwords
from yunxin.accounts.models import User

pytestmark = pytest.mark.django_db
NEW = "a much better secret 9"


def test_initial_passwords_pass_the_rules_and_differ() -> None:
    made = {passwords.make_initial_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        validate_password(password)
        assert not set(password) & set("0O1lIi")


def test_the_first_sign_in_leads_to_a_new_password_and_nowhere_else(
    client: Client, acme: Any
) -> None:
    password = passwords.give_initial_password(User.objects.get(username="acme"))
    client.post("/login/", {"username": "acme", "password": password})
    for path in ("/account/company/", "/account/users/", "/"):
        assert client.get(path).headers["Location"] == "/login/first-password/"
    data = {"new_password": NEW, "repeated": NEW}
    assert client.post("/login/first-password/", data).headers["Location"] == "/"
    assert client.get("/account/company/").status_code == 200
    assert client.get("/login/first-password/").headers["Location"] == "/"


@pytest.mark.parametrize(
    ("new", "again", "sentence"),
    [
        (NEW, NEW + "x", "两次输入的新密码不一致"),
        ("short1", "short1", "8"),
        ("12345678901", "12345678901", "数字"),
        ("password123", "password123", "常见"),
        (factories.PASSWORD, factories.PASSWORD, "不能与当前密码相同"),
    ],
)
def test_a_bad_new_password_is_refused_with_the_reason(
    client: Client, acme: Any, new: str, again: str, sentence: str
) -> None:
    client.force_login(User.objects.get(username="acme"))
    answer = client.post(
        "/account/password/",
        {"old_password": factories.PASSWORD, "new_password": new, "repeated": again},
    )
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert User.objects.get(username="acme").check_password(factories.PASSWORD)


def test_the_present_password_is_asked(client: Client, acme: Any) -> None:
    client.force_login(User.objects.get(username="acme"))
    data = {"old_password": "wrong", "new_password": NEW, "repeated": NEW}
    answer = client.post("/account/password/", data)
    assert answer.status_code == 422 and "当前密码不正确" in answer.content.decode()


def test_changing_signs_out_everywhere_else(client: Client, acme: Any) -> None:
    user = User.objects.get(username="acme")
    elsewhere = Client()
    client.force_login(user)
    elsewhere.force_login(user)
    data = {"old_password": factories.PASSWORD, "new_password": NEW, "repeated": NEW}
    assert client.post("/account/password/", data).status_code == 302
    assert client.get("/account/company/").status_code == 200
    assert elsewhere.get("/account/company/").status_code == 302
