"""States, kinds and carriers as people read them."""

from collections.abc import Sequence

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from yunxin.content import labels
from yunxin.web.templatetags.yunxin import pill

register = template.Library()

_WORDS: dict[str, labels.Words] = {
    "signature_kind": labels.SIGNATURE_KINDS,
    "template_kind": labels.TEMPLATE_KINDS,
    "traffic": labels.TRAFFIC,
    "position": labels.POSITIONS,
    "action": labels.ACTIONS,
    "subject": labels.SUBJECTS,
}


@register.simple_tag
def state_pill(state: str) -> SafeString:
    """`{% state_pill item.state %}`: 审核中, 审核通过 … in its colour."""
    return pill(labels.STATES.get(state, state), labels.TONES.get(state, "grey"))


@register.filter
def word(value: str, kind: str) -> str | Promise:
    """`{{ item.kind|word:"template_kind" }}`: what people read for a stored word."""
    return _WORDS[kind].get(value, value)


@register.filter
def carriers(chosen: Sequence[str]) -> str:
    """`{{ item.carriers|carriers }}`: 三网, or the names of those that were chosen."""
    if "all" in chosen:
        return str(labels.ALL_CARRIERS)
    return _(", ").join(str(labels.CARRIERS.get(each, each)) for each in chosen)


@register.filter
def with_variables(content: str) -> SafeString:
    """`{{ item.content|with_variables }}`: the text with its `#*#` marked."""
    pieces = content.split("#*#")
    marked = format_html("{}", pieces[0])
    for piece in pieces[1:]:
        marked += format_html('<span class="variable">#*#</span>{}', piece)
    return marked


@register.filter
def shown_as_image(content_type: str) -> bool:
    """Whether a browser can show a file of this type in a page."""
    return content_type.startswith("image/")
