"""Every string of every room is complete in Chinese, and Chinese stands in catalogues only."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from yunxin.web import translations
from yunxin.web.translations import PACKAGE, Message

# Chinese that is data or a rule, not a sentence of a page: file → why it may stay.
CHINESE_ALLOWED = {
    "config.py": "the brand's default, which deployments replace",
    "text/": "the words and signs of the text rules themselves",
    "content/rules.py": "what marketing texts and unsubscribe hints look like",
    "accounts/migrations/": "data",
    "carriers/migrations/": "data",
    "content/migrations/": "data",
    "demo/": "demo data",
    "dialects/": "what the wire says",
    "engine/inbound.py": "the words that phones unsubscribe with",
    "interfaces/document_tables.py": "the dialect's own test vector",
    "templates/interfaces/document/": "the document itself, whole in each language",
    "templates/interfaces/portal_document.html": "a language's own name",
    "simulator/behaviour.py": "what simulated phones reply",
    "simulator/frame.py": "a language's own name",
}


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def test_every_string_has_a_chinese_entry() -> None:
    gaps = translations.missing()
    assert not gaps, "\n".join(
        f"{_name(path)}: {message.msgid!r}" for message, path in sorted(gaps.items())
    )


def test_no_string_is_translated_in_two_ways() -> None:
    """All catalogues are one at run time: which of two entries wins would be chance."""
    quarrels = [
        f"{message.msgid!r}: " + "; ".join(f"{_name(p)}: {e.msgstr}" for p, e in entries)
        for message, entries in translations.translated().items()
        if len({(e.msgstr, *e.msgstr_plural.values()) for _, e in entries}) > 1
    ]
    assert not quarrels, "\n".join(quarrels)


def test_placeholders_survive_translation() -> None:
    """A translation that loses or invents %(name)s breaks the page that shows it."""
    pattern = re.compile(r"%\(\w+\)[sd]|%[sd]")
    broken = [
        f"{_name(path)}: {message.msgid!r}"
        for message, entries in translations.translated().items()
        for path, entry in entries
        for text in (entry.msgstr_plural.values() if message.plural else [entry.msgstr])
        if not set(pattern.findall(text)) <= set(pattern.findall(message.msgid + message.plural))
        or (not message.plural and set(pattern.findall(message.msgid)) - set(pattern.findall(text)))
    ]
    assert not broken, "\n".join(broken)


def _shown_files() -> Iterator[Path]:
    for suffix in ("py", "html", "js"):
        yield from sorted(PACKAGE.rglob(f"*.{suffix}"))


def test_chinese_stands_only_in_catalogues_and_data() -> None:
    found = [
        f"{_name(path)}:{number}: {text[:60]}"
        for path in _shown_files()
        if not _name(path).startswith(tuple(CHINESE_ALLOWED))
        for number, text in translations.chinese_in(path)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("_('One')", {Message("One")}),
        ("gettext_lazy('One' ' two')", {Message("One two")}),
        ("ngettext('%(n)s item', '%(n)s items', n)", {Message("%(n)s item", "%(n)s items")}),
        ("pgettext('button', 'Send')", {Message("Send", context="button")}),
        ("print('One'), f('Two')", set()),
        ("_(name)", set()),
    ],
)
def test_strings_are_found_in_python(source: str, expected: set[Message], tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text(source)
    assert translations.messages_of(tmp_path / "page.py") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{% translate "One" %}', {Message("One")}),
        ('{% translate "One" context "button" %}', {Message("One", context="button")}),
        ('{% pill _("One") "green" %}', {Message("One")}),
        ("{% blocktranslate with n=1 %}{{ n }} (one){% endblocktranslate %}",
         {Message("%(n)s (one)")}),
        ("{% blocktranslate count n=k %}{{ n }} item{% plural %}{{ n }} items"
         "{% endblocktranslate %}", {Message("%(n)s item", "%(n)s items")}),
        ("<p>Nothing to translate (here)</p>", set()),
    ],
)  # fmt: skip
def test_strings_are_found_in_templates(
    source: str, expected: set[Message], tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(source)
    assert translations.messages_of(tmp_path / "page.html") == expected


def test_docstrings_and_comments_may_name_chinese_words(tmp_path: Path) -> None:
    path = tmp_path / "room.py"
    path.write_text('"""签名管理."""\n# 模板\nTITLE = "审核"\n')
    assert list(translations.chinese_in(path)) == [(3, "审核")]
