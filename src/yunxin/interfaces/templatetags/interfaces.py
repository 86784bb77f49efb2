"""How the interfaces' words read: `{% load interfaces %}`."""

from django import template

from yunxin.interfaces import labels

register = template.Library()


@register.filter
def outcome(word: str) -> labels.Text:
    """`{{ code|outcome }}`: why requests were refused, in the reader's language."""
    return labels.outcome(word)
