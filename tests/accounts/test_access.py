"""Who may see what: roles, faces, suspended enterprises, strangers."""

from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from tests import factories
from yunxin.accounts import enterprises
from yunxin.accounts.models import User

pytestmark = pytest.mark.django_db

PORTAL = ["/account/company/", "/account/users/", "/account/users/new/", "/account/company/edit/"]
CONSOLE = [
    "/console/enterprises/", "/console/enterprises/new/", "/console/audit/",
    "/console/operators/", "/console/operators/new/",
]  # fmt: skip
SHARED = ["/account/password/", "/account/logins/", "/account/notices/"]


def _routes(patterns: Any = None, prefix: str = "") -> list[str]:
    """Every address of the project as it is written in the urls."""
    found = []
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        nested = getattr(pattern, "url_patterns", None)
        found += _routes(nested, route) if nested is not None else [route]
    return found


def _filled(route: str) -> str:
    for kind in ("int", "str", "slug", "path"):
        while (start := route.find(f"<{kind}:")) != -1:
            route = route[:start] + "1" + route[route.index(">", start) + 1 :]
    return "/" + route


OPEN = ("login/", "language/", "logout/")  # anybody's


def test_every_page_asks_strangers_to_sign_in(client: Client) -> None:
    """Holds for rooms to come as well: a view without its decorator fails here."""
    for route in _routes():
        if route in OPEN:
            continue
        answer = client.get(_filled(route))
        assert answer.status_code in (302, 405), route
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith("/login/"), route


def test_no_console_page_opens_for_an_enterprise(client: Client, acme: Any) -> None:
    client.force_login(User.objects.get(username="acme"))
    for route in _routes():
        if route.startswith("console/"):
            assert client.get(_filled(route)).status_code in (403, 405), route


@pytest.mark.parametrize("path", CONSOLE + SHARED)
def test_operators_see_the_console(client: Client, operator: Any, path: str) -> None:
    client.force_login(operator)
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", PORTAL)
def test_operators_are_no_users_of_the_portal(client: Client, operator: Any, path: str) -> None:
    client.force_login(operator)
    answer = client.get(path)
    assert answer.status_code == 403 and "仅供企业用户使用" in answer.content.decode()


def test_an_operator_at_the_front_door_is_shown_to_the_console(
    client: Client, operator: Any
) -> None:
    client.force_login(operator)
    answer = client.get("/")
    assert answer.status_code in (302, 404)  # 404 only while no room has the home page
    assert answer.status_code == 404 or answer.headers["Location"] == "/console/"


@pytest.mark.parametrize("role", ["sender", "viewer"])
@pytest.mark.parametrize("path", ["/account/users/", "/account/users/new/"])
def test_only_owners_run_users(client: Client, acme: Any, role: str, path: str) -> None:
    client.force_login(factories.make_user(acme, "somebody", role=role))
    answer = client.get(path)
    assert answer.status_code == 403 and "您的角色没有此权限" in answer.content.decode()


@pytest.mark.parametrize("path", PORTAL + SHARED)
def test_owners_see_everything_of_their_own(client: Client, acme: Any, path: str) -> None:
    client.force_login(User.objects.get(username="acme"))
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("what", ["", "disable/", "enable/", "password/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_sees_404(
    client: Client, acme: Any, globex: Any, what: str, method: str
) -> None:
    victim = factories.make_user(acme, "victim", role=User.Role.SENDER)
    client.force_login(User.objects.get(username="globex"))
    answer = getattr(client, method)(f"/account/users/{victim.pk}/{what}")
    assert answer.status_code == 404
    victim.refresh_from_db()
    assert victim.is_active and victim.check_password(factories.PASSWORD)


def test_lists_hold_nothing_of_others(client: Client, acme: Any, globex: Any) -> None:
    client.force_login(User.objects.get(username="globex"))
    page = client.get("/account/users/").content.decode()
    assert "globex" in page and "acme" not in page


def test_a_suspended_enterprise_reads_and_changes_nothing(
    client: Client, acme: Any, operator: Any
) -> None:
    enterprises.suspend_enterprise(acme, by=operator, reason="Unpaid bills.")
    client.force_login(User.objects.get(username="acme"))
    assert "Unpaid bills." in client.get("/account/company/").content.decode()
    answer = client.post("/account/company/edit/", {"contact_name": "New"})
    assert answer.status_code == 403 and "停用" in answer.content.decode()
