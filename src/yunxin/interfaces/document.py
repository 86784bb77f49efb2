"""接口文档: the interface document as a page, and as one file to take away.

The prose of each language is a template (`templates/interfaces/document/`), what the code knows is
put in by `document_tables`, and the examples stand in `templates/interfaces/examples/`, where the
tests run them from.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yunxin.accounts.access import PortalRequest, portal_page
from yunxin.accounts.models import Enterprise
from yunxin.interfaces import document_smpp
from yunxin.interfaces import document_tables as tables
from yunxin.interfaces.document_markdown import to_markdown
from yunxin.interfaces.limits import in_force

LANGUAGES = {"zh-hans": "zh_hans", "en": "en"}  # of the page → of the template
_HEADING = re.compile(r'<h([23]) id="([\w-]+)">(.*?)</h\1>', re.S)

# What the examples send; whoever copies one puts their own in.
SAMPLE = {
    "access_key": "YOUR_ACCESS_KEY",
    "key": "YOUR_KEY",
    "template": "100001",
    "phone": "13800000000",
    "value": "1234",
    "idempotency_key": "order-1001",
    "webhook_secret": "YOUR_WHSEC_SECRET",
}


@dataclass(frozen=True)
class Heading:
    """A line of the table of contents."""

    id: str
    text: str
    below: list["Heading"] = field(default_factory=list)


@portal_page()
def document(request: PortalRequest) -> HttpResponse:
    """The document in the language of the page."""
    body = body_of(translation.get_language() or "", request.enterprise)
    return render(
        request,
        "interfaces/portal_document.html",
        {"body": body, "contents": contents_of(body)},
    )


@portal_page()
@require_safe
def document_file(request: PortalRequest) -> HttpResponse:
    """The document as a file that needs nothing beside it; `?language=` and `?format=` choose."""
    language = request.GET.get("language", "")
    if language not in LANGUAGES:
        language = translation.get_language() or ""
    language = language if language in LANGUAGES else "zh-hans"
    if request.GET.get("format") == "md":
        text, kind, ending = markdown_of(language, request.enterprise), "markdown", "md"
    else:
        text, kind, ending = file_of(language, request.enterprise), "html", "html"
    response = HttpResponse(text, content_type=f"text/{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="yunxin-http-{language}.{ending}"'
    return response


def file_of(language: str, enterprise: Enterprise) -> str:
    """The whole file."""
    with translation.override(language):
        body = body_of(language, enterprise, is_file=True)
        context = {"body": body, "contents": contents_of(body), "brand": settings.CONFIG.brand}
        return render_to_string("interfaces/document_file.html", context)


def markdown_of(language: str, enterprise: Enterprise) -> str:
    """The whole document as Markdown."""
    with translation.override(language):
        body = to_markdown(body_of(language, enterprise, is_file=True))
        return f"# {_('HTTP interface document')} · {settings.CONFIG.brand}\n\n{body}"


def body_of(language: str, enterprise: Enterprise, *, is_file: bool = False) -> str:
    """The document's text as HTML, with the enterprise's own address and code in it."""
    template = LANGUAGES.get(language, "zh_hans")
    context = facts(enterprise) | tables.all_tables(language) | {"is_file": is_file}
    return render_to_string(f"interfaces/document/{template}.html", context)


def facts(enterprise: Enterprise) -> dict[str, Any]:
    """What the prose and the examples say of this platform and this enterprise."""
    config = settings.CONFIG
    limits = in_force(enterprise)
    return (
        SAMPLE
        | document_smpp.facts()
        | {
            "base_url": config.api_url or config.base_url,
            "brand": config.brand,
            "cpcode": enterprise.cpcode,
            "requests_per_s": limits.requests_per_s,
            "recipients_per_s": limits.recipients_per_s,
            "replay_window_s": f"{config.ronghe_replay_window_s:g}",
            "event_days": config.event_days,
        }
    )


def contents_of(body: str) -> list[Heading]:
    """The table of contents: chapters with their sections."""
    contents: list[Heading] = []
    for level, anchor, text in _HEADING.findall(body):
        heading = Heading(anchor, text)
        (contents if level == "2" or not contents else contents[-1].below).append(heading)
    return contents
