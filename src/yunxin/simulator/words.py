"""The page's two languages: English as it stands in the code, Chinese from the .po beside it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import polib

CHINESE, ENGLISH = "zh-Hans", "en"
SOURCE = Path(__file__).parent / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"

Translate = Callable[[str], str]


@cache
def chinese() -> dict[str, str]:
    """Every English sentence with its Chinese one."""
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(SOURCE)) if entry.msgstr}


def translator(language: str) -> Translate:
    """A function from an English sentence to the language's."""
    if language == ENGLISH:
        return str
    table = chinese()
    return lambda sentence: table.get(sentence, sentence)


def choose(asked: str | None, kept: str | None, accepted: str) -> str:
    """The language of a page: asked for in the address, kept in a cookie, or the browser's.

    Chinese is the default: English has to be preferred to it.
    """
    for wish in (asked, kept):
        if wish:
            return ENGLISH if wish.lower().startswith("en") else CHINESE
    for part in accepted.lower().split(","):
        if part.strip().startswith("zh"):
            return CHINESE
        if part.strip().startswith("en"):
            return ENGLISH
    return CHINESE
