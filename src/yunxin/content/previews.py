"""The live preview beside a template form, for the portal and the console: one answer to htmx.

While somebody types, the browser posts the form as it is; the answer shows the phone, the price
and the findings, all made by the functions that check, price and send.
"""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from yunxin.content import rules, text_templates
from yunxin.content.forms import traffic_of, typed_list
from yunxin.text.placeholders import variables
from yunxin.vocabulary import SignaturePosition, TemplateKind

TYPED_MAX = 2000  # of a content that is being typed; enough to say that it is too long


def preview_answer(request: Any, signature: str, *, own_text: bool) -> HttpResponse:
    """The live preview of what a template form holds right now, valid or not.

    Args:
        signature: its name; "" while none is chosen.
        own_text: the variables' names are fields too; they are renewed when their number changes.
    """
    data = request.POST
    kind = TemplateKind(_one_of(data.get("kind"), TemplateKind, TemplateKind.INDUSTRY))
    position = SignaturePosition(
        _one_of(data.get("position"), SignaturePosition, SignaturePosition.FRONT)
    )
    content = data.get("content", "")[:TYPED_MAX]
    names, samples = typed_list(data, "variable_names"), typed_list(data, "samples")
    traffic = traffic_of(kind, data.get("traffic", ""))
    problems = text_templates.problems_of_text(content, kind=kind, traffic=traffic)
    is_blank = not content.strip()
    context = {
        "preview": text_templates.preview(
            content=content,
            signature=signature or _("Signature"),
            position=position,
            kind=kind,
            samples=[sample or name for sample, name in zip_longest_text(samples, names)],
        ),
        "problems": [] if is_blank else problems,
        "is_blank": is_blank,
        "names": variable_fields(content, names, samples),
        "names_changed": own_text and len(names) != variables(content),
    }
    return render(request, "content/_preview.html", context)


def zip_longest_text(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of two lists, the shorter filled up with empty texts."""
    length = max(len(one), len(other))
    pad = [""] * length
    return list(zip([*one, *pad][:length], [*other, *pad][:length], strict=True))


def variable_fields(
    content: str, names: Sequence[str], samples: Sequence[str]
) -> list[tuple[int, str, str]]:
    """Number, name and sample of each variable of a content, up to as many as are possible."""
    count = min(variables(content), rules.VARIABLES_MAX)
    pairs = [*zip_longest_text(names, samples), *[("", "")] * count][:count]
    return [(number, name, sample) for number, (name, sample) in enumerate(pairs, 1)]


def _one_of(value: str | None, words: Any, default: str) -> str:
    return value if value is not None and value in list(words) else default
