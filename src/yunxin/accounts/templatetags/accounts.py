"""How accounts' rows read: `{% load accounts %}`."""

from django import template
from django.utils.functional import Promise

from yunxin.accounts import audit, notices
from yunxin.accounts.models import AuditEntry, Notice, User

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
    return " · ".join(f"{_name(name)}: {_plain(value)}" for name, value in entry.detail.items())


def _name(name: str) -> str:
    return str(audit.DETAILS.get(name, name))


def _plain(value: object) -> str:
    """Old → new for a pair under a name, the words of roles, everything else as it is."""
    if isinstance(value, dict):
        return ", ".join(f"{_name(name)} {_change(pair)}" for name, pair in value.items())
    if isinstance(value, list):
        return ", ".join(_name(str(item)) for item in value)
    return str(dict(User.Role.choices).get(str(value), _name(str(value))))


def _change(pair: object) -> str:
    if isinstance(pair, list) and len(pair) == 2:
        return " → ".join(str(side) or "—" for side in pair)
    return str(pair)
