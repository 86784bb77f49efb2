"""Pages keep the policy `script-src 'self'; style-src 'self'`: nothing inline, anywhere."""

import re

import pytest
from django.conf import settings
from django.test import Client

from yunxin.web.translations import PACKAGE

INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a script with content": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.IGNORECASE
    ),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "an htmx script": re.compile(r"\shx-on[:\w-]*\s*=|hx-vals=.js:", re.IGNORECASE),
}
TEMPLATES = sorted((PACKAGE / "templates").rglob("*.html"))


# Not a page: a file that is downloaded and opened by itself, so it brings its look along. It has no
# script; a test of the interface document holds it to that.
DOWNLOADED = {"document_file.html": ["a style element"]}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.name))
def test_templates_have_nothing_inline(path: object) -> None:
    text = path.read_text("utf-8")  # type: ignore[attr-defined]
    allowed = DOWNLOADED.get(path.name, [])  # type: ignore[attr-defined]
    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == allowed


def test_the_policy_has_no_exception() -> None:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert directives["script-src"] == directives["style-src"] == ["'self'"]


def test_pages_send_the_policy(client: Client, db: None) -> None:
    policy = client.get("/login/").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";" and "unsafe" not in policy
