"""Signing in, waiting after wrong passwords, and what becomes of sessions."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from yunxin.accounts import login, passwords
from yunxin.accounts.models import LoginEvent, User

pytestmark = pytest.mark.django_db


def sign_in(client: Client, username: str, password: str, **extra: Any) -> Any:
    return client.post("/login/", {"username": username, "password": password}, **extra)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (10, 960), (11, 1800), (1000, 1800)],
)
def test_waits_grow_and_stop_growing(failures: int, seconds: int) -> None:
    assert login.wait_after(failures) == timedelta(seconds=seconds)


def test_one_can_type_at_once(client: Client) -> None:
    page = client.get("/login/").content.decode()
    field = page[page.index('name="username"') :]
    assert "autofocus" in field[: field.index(">")]


def test_an_owner_lands_in_the_portal_and_an_operator_in_the_console(
    client: Client, acme: Any, operator: Any
) -> None:
    assert sign_in(client, "acme", factories.PASSWORD).headers["Location"] == "/"
    client.post("/logout/")
    assert sign_in(client, "operator", factories.PASSWORD).headers["Location"] == "/console/"


def test_case_and_spaces_of_the_account_do_not_matter(client: Client, acme: Any) -> None:
    assert sign_in(client, "  ACME ", factories.PASSWORD).status_code == 302


def test_one_goes_on_where_one_wanted_to_go(client: Client, acme: Any) -> None:
    asked = client.get("/account/company/")
    assert asked.headers["Location"] == "/login/?next=/account/company/"
    answer = client.post(
        "/login/",
        {"username": "acme", "password": factories.PASSWORD, "next": "/account/company/"},
    )
    assert answer.headers["Location"] == "/account/company/"


def test_the_next_page_is_never_on_another_site(client: Client, acme: Any) -> None:
    data = {"username": "acme", "password": factories.PASSWORD, "next": "https://evil.example/"}
    assert client.post("/login/", data).headers["Location"] == "/"


def test_wrong_and_unknown_get_the_same_answer(client: Client, acme: Any) -> None:
    wrong = sign_in(client, "acme", "wrong")
    unknown = sign_in(client, "nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 422
    strip = [
        page.content.decode().replace("acme", "X").replace("nobody", "X")
        for page in (wrong, unknown)
    ]
    assert _without_tokens(strip[0]) == _without_tokens(strip[1])
    assert "账号或密码不正确" in strip[0]


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrf" not in line.lower()]


def test_what_was_typed_is_kept_but_the_password(client: Client, acme: Any) -> None:
    page = sign_in(client, "acme", "tops3cret").content.decode()
    assert 'value="acme"' in page and "tops3cret" not in page


def test_an_empty_form_names_its_fields(client: Client, db: None) -> None:
    page = sign_in(client, "", "").content.decode()
    assert "请输入登录账号。" in page and "请输入登录密码。" in page


@pytest.mark.parametrize("username", ["acme", "nobody"])
def test_after_five_wrong_passwords_even_the_right_one_waits(
    client: Client, acme: Any, username: str
) -> None:
    for _ in range(5):
        page = sign_in(client, username, "wrong").content.decode()
    assert "密码错误次数过多" in page
    refused = sign_in(client, username, factories.PASSWORD)
    assert refused.status_code == 422 and "之后重试" in refused.content.decode()
    assert LoginEvent.objects.filter(username=username).count() == 5


def _attempt(rf: Any, username: str, password: str, now: datetime, address: str) -> login.Attempt:
    return login.attempt(rf.post("/login/", REMOTE_ADDR=address), username, password, now=now)


def test_the_wait_ends_and_success_forgives(rf: Any, acme: Any) -> None:
    now = timezone.now()
    for _ in range(5):
        _attempt(rf, "acme", "wrong", now, "192.0.2.1")
    waiting = _attempt(rf, "acme", factories.PASSWORD, now, "192.0.2.1")
    assert waiting.user is None and waiting.retry_at is not None
    later = waiting.retry_at + timedelta(seconds=1)
    assert _attempt(rf, "acme", factories.PASSWORD, later, "192.0.2.1").user is not None
    assert _attempt(rf, "acme", "wrong", later, "192.0.2.1").retry_at is None


def test_old_failures_are_forgotten(rf: Any, acme: Any) -> None:
    for _ in range(5):
        _attempt(rf, "acme", "wrong", timezone.now(), "192.0.2.1")
    later = timezone.now() + login.MEMORY + timedelta(minutes=1)
    assert _attempt(rf, "acme", "wrong", later, "192.0.2.1").retry_at is None


def test_an_address_that_tries_many_accounts_waits_too(rf: Any, acme: Any) -> None:
    now = timezone.now()
    for number in range(login.FREE_TRIES_OF_ADDRESS):
        _attempt(rf, f"guess{number}", "wrong", now, "192.0.2.1")
    assert _attempt(rf, "acme", factories.PASSWORD, now, "192.0.2.1").retry_at is not None
    assert _attempt(rf, "acme", factories.PASSWORD, now, "192.0.2.2").user is not None


def test_a_new_initial_password_ends_the_wait(rf: Any, acme: Any) -> None:
    now = timezone.now()
    for _ in range(6):
        _attempt(rf, "acme", "wrong", now, "192.0.2.1")
    password = passwords.give_initial_password(User.objects.get(username="acme"))
    assert _attempt(rf, "acme", password, now, "192.0.2.1").user is not None


def test_a_disabled_user_gets_the_answer_of_a_wrong_password(client: Client, acme: Any) -> None:
    User.objects.update(is_active=False)
    page = sign_in(client, "acme", factories.PASSWORD)
    assert page.status_code == 422 and "账号或密码不正确" in page.content.decode()


def test_disabling_ends_open_sessions(client: Client, acme: Any) -> None:
    sign_in(client, "acme", factories.PASSWORD)
    assert client.get("/account/company/").status_code == 200
    User.objects.update(is_active=False)
    assert client.get("/account/company/").status_code == 302


def test_the_session_key_changes_at_sign_in(client: Client, acme: Any) -> None:
    client.get("/login/")
    session = client.session
    session["planted"] = "by a stranger"
    session.save()
    before = session.session_key
    sign_in(client, "acme", factories.PASSWORD)
    assert client.session.session_key != before


def test_signing_out_takes_a_post_and_ends_the_session(client: Client, acme: Any) -> None:
    sign_in(client, "acme", factories.PASSWORD)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").headers["Location"] == "/login/"
    assert client.get("/account/company/").status_code == 302


def test_a_piece_of_a_page_takes_the_whole_page_to_the_login(client: Client, acme: Any) -> None:
    answer = client.get("/account/users/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/login/?next=/account/users/"


def test_attempts_are_in_the_history(client: Client, acme: Any) -> None:
    sign_in(client, "acme", "wrong", headers={"user-agent": "Some Browser"})
    sign_in(client, "acme", factories.PASSWORD)
    page = client.get("/account/logins/").content.decode()
    assert "登录成功" in page and "登录失败" in page and "Some Browser" in page


def test_nobody_sees_the_history_of_others(client: Client, acme: Any, globex: Any) -> None:
    sign_in(client, "acme", "wrong", headers={"user-agent": "Some Browser"})
    sign_in(client, "globex", factories.PASSWORD)
    assert "Some Browser" not in client.get("/account/logins/").content.decode()
