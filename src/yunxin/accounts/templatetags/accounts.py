"""How accounts' rows read: `{% load accounts %}`."""

from django import template
from django.utils.functional import Promise

from yunxin.accounts import audit, notices
from yunxin.accounts.models import AuditEntry, Notice

register = template.Library()


@register.filter
def sentence(notice: Notice) -> str:
    """`{{ notice|sentence }}`: the notice in the reader's language."""
    return notices.sentence(notice)


@register.filter
def action(entry: AuditEntry) -> str | Promise:
    """`{{ entry|action }}`: what was done, in the reader's language."""
    return audit.label(entry.action)


@register.filter
def details(entry: AuditEntry) -> str:
    """`{{ entry|details }}`: what else was written down, as name: value."""
    return " · ".join(f"{name}: {_plain(value)}" for name, value in entry.detail.items())


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    if isinstance(value, list):
        return " → ".join(str(item) for item in value)
    return str(value)
