"""Template tags and filters."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import translation

from yunxin.web import icons
from yunxin.web.templatetags import yunxin as tags

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1_234_567, "1,234,567"), (-1000, "-1,000"), (None, "")],
)
def test_thousands_are_separated_by_commas(number: int | None, text: str) -> None:
    assert tags.thousands(number) == text


@pytest.mark.parametrize(
    ("before", "chinese", "english"),
    [
        (timedelta(seconds=10), "刚刚", "just now"),
        (timedelta(minutes=3), "3 分钟前", "3 minutes ago"),
        (timedelta(hours=-2), "2 小时后", "in 2 hours"),
        (timedelta(days=30), "2026-10-22 09:30", "2026-10-22 09:30"),
    ],
)
def test_times_are_told_from_now(before: timedelta, chinese: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert chinese in tags.ago(NOW - before, NOW).replace("小时", "小时")
    with translation.override("en"):
        assert english in tags.ago(NOW - before, NOW)


def test_times_are_shown_in_shanghai_with_the_exact_one_on_hover() -> None:
    assert tags.moment(NOW) == (
        '<time datetime="2026-11-21T01:30:00+00:00" title="2026-11-21 09:30:00">'
        "2026-11-21 09:30</time>"
    )
    assert tags.moment(None) == tags.ago(None) == "—"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0%"), (1, 3, "33%"), (999, 1000, "99%"), (3, 3, "100%"), (None, 5, "0%")],
)
def test_percentages_never_promise_too_much(part: int | None, whole: int, text: str) -> None:
    assert tags.percent(part, whole) == text


def test_what_people_typed_is_escaped() -> None:
    page = Template("{% load yunxin %}{% pill text %}{% phone text %}")
    shown = page.render(Context({"text": "<script>"}))
    assert "<script>" not in shown and shown.count("&lt;script&gt;") == 2


def test_an_icon_is_inline_and_hidden_from_readers() -> None:
    assert icons.svg("send").startswith("<svg") and 'aria-hidden="true"' in icons.svg("send")


@pytest.mark.parametrize("name", ["no-such-icon", "../../package", ""])
def test_a_wrong_icon_name_is_an_error(name: str) -> None:
    with pytest.raises(icons.NoSuchIcon):
        icons.svg(name)
