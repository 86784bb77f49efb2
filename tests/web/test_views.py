"""The language switch."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests import factories
from yunxin.accounts.models import User

pytestmark = pytest.mark.django_db


def test_chinese_by_default_and_english_when_chosen(client: Client) -> None:
    assert "登录控制台" in client.get("/login/").content.decode()
    client.post("/language/", {"language": "en", "next": "/login/"})
    assert "Sign in" in client.get("/login/").content.decode()


def test_a_browser_in_english_gets_chinese_until_somebody_chooses(client: Client) -> None:
    page = client.get("/login/", headers={"accept-language": "en-US,en"})
    assert 'lang="zh-CN"' in page.content.decode() and page.headers["Content-Language"] == "zh-hans"


def test_the_choice_is_kept_with_the_user(client: Client, acme: Any) -> None:
    client.force_login(User.objects.get(username="acme"))
    client.post("/language/", {"language": "en", "next": "/"})
    assert User.objects.get(username="acme").language == "en"


def test_the_users_language_comes_back_with_the_next_sign_in(client: Client, acme: Any) -> None:
    User.objects.update(language="en")
    client.post("/login/", {"username": "acme", "password": factories.PASSWORD})
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_it_never_leads_to_another_site(client: Client, target: str) -> None:
    answer = client.post("/language/", {"language": "en", "next": target})
    assert answer.headers["Location"] == "/"


def test_an_unknown_language_changes_nothing(client: Client) -> None:
    answer = client.post("/language/", {"language": "tlh", "next": "/login/"})
    assert settings.LANGUAGE_COOKIE_NAME not in answer.cookies
