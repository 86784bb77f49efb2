"""The interface document says all that there is, in both languages, and its file stands alone."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from yunxin.dialects import openapi, v1
from yunxin.dialects.problems import PROBLEMS
from yunxin.dialects.ronghe import CODE_OF, ResultCode
from yunxin.interfaces import document, document_fields, document_tables
from yunxin.interfaces.document_endpoints import endpoints
from yunxin.interfaces.labels import SCOPES

PAGE, FILE = "/interface/document/", "/interface/document/file/"
LANGUAGES = ("zh-hans", "en")


class Anchors(HTMLParser):
    """What can be led to, and what is led to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        told = dict(attrs)
        if "id" in told:
            self.ids.append(told["id"])
        if tag == "a":
            self.links.append(told["href"])
        elif {"src", "href"} & told.keys():
            self.loads.append(str(told))


@pytest.fixture
def page(client: Client, acme: Any) -> str:
    client.force_login(acme.users.get())
    response = client.get(PAGE)
    assert response.status_code == 200
    return response.content.decode()


def body(acme: Any, language: str) -> str:
    with translation.override(language):
        return document.body_of(language, acme)


def test_the_page_speaks_of_the_enterprise_that_reads_it(page: str) -> None:
    assert "<code>ACMEAA</code>" in page
    assert "http://127.0.0.1:8000/umcinterface/sendtempletmsg" in page
    assert "959566b511b5ccc998a7eee44b4a740c" in page


def test_every_link_within_the_page_leads_somewhere(page: str) -> None:
    anchors = Anchors(page)
    within = {link[1:] for link in anchors.links if link.startswith("#")}
    assert len(within) > 30
    assert within <= set(anchors.ids)
    assert len(anchors.ids) == len(set(anchors.ids))


def test_strangers_sign_in_first(client: Client, operator: Any) -> None:
    assert client.get(PAGE).status_code == 302
    assert client.get(FILE).status_code == 302
    client.force_login(operator)
    assert client.get(PAGE).status_code != 200


@pytest.mark.parametrize(
    ("language", "title"), [("zh-hans", "HTTP 接口文档"), ("en", "HTTP interface")]
)
def test_the_file_stands_alone_in_each_language(
    client: Client, acme: Any, language: str, title: str
) -> None:
    client.force_login(acme.users.get())
    response = client.get(FILE, {"language": language})
    assert f"yunxin-http-{language}.html" in response["Content-Disposition"]
    text = response.content.decode()
    assert title in text and "ACMEAA" in text
    anchors = Anchors(text)
    assert anchors.loads == []
    assert all(link.startswith("#") for link in anchors.links)
    assert {link[1:] for link in anchors.links} <= set(anchors.ids)


def test_a_language_that_is_none_gives_that_of_the_page(client: Client, acme: Any) -> None:
    client.force_login(acme.users.get())
    translation_of_page = client.get(PAGE)["Content-Language"]
    response = client.get(FILE, {"language": "../etc"})
    assert f"yunxin-http-{translation_of_page}.html" in response["Content-Disposition"]


def test_both_languages_have_the_same_chapters(db: None, acme: Any) -> None:
    def shape(language: str) -> list[str]:
        return re.findall(r' id="([\w-]+)"', body(acme, language))

    assert shape("en") == shape("zh-hans")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_is_documented(acme: Any, language: str) -> None:
    text = body(acme, language)
    for code in ResultCode:
        assert f'id="result-{int(code)}"' in text
    for problem in PROBLEMS:
        assert f'id="problem-{problem}"' in text
    for route in v1.ROUTES:
        assert f'id="call-{route.name}"' in text


def test_every_reason_has_a_sentence() -> None:
    assert set(document_tables.REASONS) >= set(CODE_OF)
    assert set(document_tables.MEANINGS) == set(ResultCode)
    assert set(SCOPES) == set(v1.Scope)


def test_every_field_and_call_has_a_sentence() -> None:
    for endpoint in endpoints():
        assert endpoint.name in document_fields.OPERATIONS
        for row in (*endpoint.parameters, *endpoint.body, *endpoint.answer):
            assert row.sentence, f"{endpoint.name}: {row.path}"
    for name, schema in openapi.build("", "")["components"]["schemas"].items():
        for field in schema.get("properties", {}):
            assert document_fields.sentence(name, field), f"{name}.{field}"


def test_no_key_of_anybody_stands_in_it(acme: Any) -> None:
    text = body(acme, "en")
    assert set(re.findall(r"yx_live_\w+", text)) == {document_tables.EXAMPLE_KEY}


def test_the_limits_are_those_in_force(acme: Any) -> None:
    from yunxin.interfaces.limits import set_limits

    set_limits(acme, ronghe_allowed=True, requests_per_s=17, recipients_per_s=None, by=None)
    assert "17 requests per second" in body(acme, "en")
