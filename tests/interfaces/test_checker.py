"""The signature checker: the published vector, and that a key never shows."""

import hashlib
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests import factories
from tests.interfaces.scene import owner_of
from yunxin.accounts.models import User
from yunxin.interfaces import checker, credentials
from yunxin.sealing import seal

pytestmark = pytest.mark.django_db
VECTOR = {
    "cpcode": "AAAAAC", "msg": "模板短信测试,0001", "mobiles": "18607714703,18648807841",
    "excode": "", "templetid": "2", "sign": "959566b511b5ccc998a7eee44b4a740c",
}  # fmt: skip
PATH = "/support/keys/signature/"


def with_key(enterprise: Any, key: str) -> None:
    made, _ = credentials.create_access_key(enterprise, name="ERP")
    made.sealed, made.hint = seal(settings.SECRET_KEY, key), key[-4:]
    made.save()


def test_the_published_vector_comes_out(acme: Any) -> None:
    with_key(acme, "f75b9467e1112239")
    (found,) = checker.check(acme, VECTOR)
    assert found.is_equal and found.sign == VECTOR["sign"]
    assert found.text == "AAAAAC模板短信测试,000118607714703,186488078412••••••••••••2239"


def test_each_key_that_works_is_tried_and_none_is_shown(client: Client, acme: Any) -> None:
    keys = [credentials.create_access_key(acme, name=name)[1] for name in ("a", "b")]
    client.force_login(owner_of(acme))
    sign = hashlib.md5(f"{acme.cpcode}1,2138000012340x{keys[1]}".encode()).hexdigest()
    form = {"cpcode": acme.cpcode, "msg": "1,2", "mobiles": "13800001234", "excode": "0",
            "templetid": "x", "sign": sign.upper()}  # fmt: skip
    page = client.post(PATH, form).content.decode()
    assert "The signature is right." in page and page.count("matches") == 1
    assert sign in page
    assert not any(key in page for key in keys)
    page = client.post(PATH, {**form, "msg": "1,3"}).content.decode()
    assert "The signature is wrong." in page


def test_without_a_key_it_says_so(client: Client, acme: Any) -> None:
    client.force_login(owner_of(acme))
    assert "no AccessKey in use" in client.post(PATH, VECTOR).content.decode()
    assert client.post(PATH, {}).status_code in (200, 422)


def test_a_viewer_may_not_have_things_signed(client: Client, acme: Any) -> None:
    client.force_login(factories.make_user(acme, role=User.Role.VIEWER))
    assert client.post(PATH, VECTOR).status_code == 403
