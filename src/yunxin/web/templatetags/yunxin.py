"""Template tags and filters of all pages: `{% load yunxin %}`. docs/adding-a-page.md shows them."""

from datetime import datetime
from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from yunxin.web import icons, menus, once

register = template.Library()

MINUTE_S, DAY_S, WEEK_S = 60, 86_400, 7 * 86_400


@register.simple_tag
def icon(name: str, style: str = "outline") -> SafeString:
    """`{% icon "send" %}`: an icon of tabler.io/icons, in the colour of the text."""
    return icons.svg(name, style)


@register.simple_tag
def pill(text: str | Promise, tone: str = "grey") -> SafeString:
    """`{% pill label "green" %}`: a state. Tones: grey blue cyan green orange red purple."""
    return format_html('<span class="pill pill-{}">{}</span>', tone, text)


@register.filter
def thousands(number: Any) -> str:
    """1234567 → 1,234,567, in both languages; nothing for None."""
    return "" if number is None or number == "" else f"{number:,}"


@register.filter
def moment(when: datetime | None) -> SafeString | str:
    """`{{ row.created_at|moment }}`: the exact time, to the minute."""
    if when is None:
        return "—"
    local = timezone.localtime(when)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        when.isoformat(), f"{local:%Y-%m-%d %H:%M:%S}", f"{local:%Y-%m-%d %H:%M}",
    )  # fmt: skip


@register.filter
def ago(when: datetime | None, now: datetime | None = None) -> SafeString | str:
    """`{{ row.created_at|ago }}`: 3 分钟前, with the exact time on hover; a date after a week."""
    if when is None:
        return "—"
    local = timezone.localtime(when)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        when.isoformat(), f"{local:%Y-%m-%d %H:%M:%S}", _relative(when, now or timezone.now()),
    )  # fmt: skip


def _relative(when: datetime, now: datetime) -> str:
    seconds = (now - when).total_seconds()
    if abs(seconds) >= WEEK_S:
        return f"{timezone.localtime(when):%Y-%m-%d %H:%M}"
    if abs(seconds) < MINUTE_S:
        return _("just now")
    span = timesince(min(when, now), max(when, now), depth=1).replace("\xa0", " ")
    return (_("%s ago") if seconds > 0 else _("in %s")) % span


@register.filter
def day(when: datetime | None) -> str:
    """`{{ package.valid_to|day }}`: the date alone."""
    return f"{timezone.localtime(when):%Y-%m-%d}" if when else "—"


@register.filter
def weekday(when: datetime) -> str:
    """`{{ now|weekday }}`: 2026年11月21日 星期六."""
    return date_format(timezone.localtime(when), "DATE_FORMAT") + date_format(when, " l")


@register.filter
def percent(part: int | None, whole: int | None) -> str:
    """`{{ done|percent:total }}`: 71 %, never 100 % before all is done; "0%" of nothing."""
    if not part or not whole:
        return "0%"
    return f"{min(part * 100 // whole, 100)}%"


@register.inclusion_tag("web/_progress.html")
def progress(
    done: int | None, total: int | None, tone: str = "blue", label: str | Promise = ""
) -> dict[str, Any]:
    """`{% progress done total "green" %}`: a bar with its percentage and counts below."""
    done, total = done or 0, total or 0
    return {
        "done": done,
        "total": total,
        "tone": tone,
        "label": label,
        "part": percent(done, total),
    }


@register.inclusion_tag("web/_steps.html")
def steps(labels: list[str], current: int) -> dict[str, Any]:
    """`{% steps labels 2 %}`: the header of a form in steps, the first being 1."""
    return {"steps": list(enumerate(labels, 1)), "current": current}


@register.inclusion_tag("web/_phone.html")
def phone(text: str = "", sender: str = "106", key: str = "") -> dict[str, Any]:
    """`{% phone text sender %}`: a phone that shows a message.

    With `key` the bubble's text follows that key of the surrounding Alpine component.
    """
    return {"text": text, "sender": sender, "key": key, "now": timezone.localtime()}


@register.simple_block_tag(takes_context=True)
def td(context: Context, content: str, name: str, extra: str = "") -> SafeString:
    """`{% td "state" %}…{% endtd %}`: a cell of the listing's column of that name."""
    column = context["listing"].column(name)
    classes = f"cell-{column.kind} {extra}".strip()
    return format_html('<td class="{}" data-label="{}">{}</td>', classes, column.label, content)


@register.simple_tag
def form_number() -> SafeString:
    """`{% form_number %}` inside a form: what a view with `web.once.once` carries out once."""
    return format_html('<input type="hidden" name="{}" value="{}">', once.FIELD, once.new_number())


@register.simple_tag
def url_if(name: str) -> str:
    """`{% url_if "helpcentre:feedback" as href %}`: a page's address; empty while it is missing."""
    return menus.address(name)
