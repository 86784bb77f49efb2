"""The frame around every page of the simulated phones.

All addresses are relative, so that the pages work behind any path.
"""

from typing import NamedTuple

from yunxin.simulator.markup import Child, Markup, tag
from yunxin.simulator.words import CHINESE, Translate


class Frame(NamedTuple):
    """What every page needs to know."""

    language: str
    say: Translate
    here: str  # the page's own address, relative


def document(frame: Frame, title: str, *body: Child) -> str:
    """A whole page around its body."""
    say = frame.say
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · {say('Simulated phones')}"),
        tag("link", rel="icon", href="static/phone.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href="static/inbox.css"),
        tag("script", src="static/inbox.js", defer=True),
    )
    page = tag(
        "html",
        head,
        tag("body", _top(frame), tag("main", *body, id="main")),
        lang=frame.language,
    )
    return "<!doctype html>" + page


def _top(frame: Frame) -> Markup:
    say = frame.say
    tabs = [
        ("./", say("Phones")),
        ("behaviour", say("Behaviour")),
        ("numbers", say("Magic numbers")),
    ]
    links = [
        tag("a", name, href=href, aria_current="page" if href == frame.here else None)
        for href, name in tabs
    ]
    other, name = ("en", "English") if frame.language == CHINESE else ("zh-Hans", "简体中文")
    return tag(
        "header",
        tag(
            "div",
            tag("img", src="static/phone.svg", alt="", width=32, height=32),
            tag("strong", say("Simulated phones")),
            tag(
                "span", say("A carrier for trying out; nothing leaves this machine."), class_="sub"
            ),
            class_="brand",
        ),
        tag("nav", *links, aria_label=say("Pages")),
        tag("a", name, href=f"{frame.here}?lang={other}", class_="language", lang=other),
        class_="top",
    )
