"""Which template a whole text was written by: the way back from a text to template and parameters.

A system that sends texts instead of template numbers is understood by them. What a variable may
hold is anything, nothing too; so several templates may fit, and the one with the most fixed words
is taken. `placeholders.fill` is the way there.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from yunxin.text.placeholders import PLACEHOLDER, UNSUBSCRIBE_HINT
from yunxin.vocabulary import SignaturePosition, TemplateKind

OPENING, CLOSING = "【", "】"


class Known(NamedTuple):
    """A template that a text may be written by."""

    template_id: int
    signature: str
    position: SignaturePosition
    kind: TemplateKind
    content: str


class Match(NamedTuple):
    """The template of a text, and what stands in its variables."""

    template_id: int
    parameters: tuple[str, ...]


class Signed(NamedTuple):
    """A text taken apart; without a signature `name` is empty and the position says nothing."""

    name: str
    position: SignaturePosition
    content: str


def match_content(pieces: list[str], content: str) -> tuple[str, ...] | None:
    """What stands between the fixed pieces of a template; None where they do not fit.

    Each piece between two variables is taken where it comes first: if any places fit, those do.
    """
    first, *rest = pieces
    if not rest:
        return () if content == first else None
    *between, last = rest
    at, end = len(first), len(content) - len(last)
    if end < at or not content.startswith(first) or not content.endswith(last):
        return None
    parameters = []
    for piece in between:
        found = content.find(piece, at, end)
        if found < 0:
            return None
        parameters.append(content[at:found])
        at = found + len(piece)
    return (*parameters, content[at:end])


def take_apart(text: str) -> Iterator[Signed]:
    """The ways in which a text may be signed: at the front, at the back; or the text as it is."""
    signed = False
    if text.startswith(OPENING) and (end := text.find(CLOSING)) > 0:
        signed = True
        yield Signed(text[1:end], SignaturePosition.FRONT, text[end + 1 :])
    if text.endswith(CLOSING) and (start := text.rfind(OPENING)) >= 0:
        signed = True
        yield Signed(text[start + 1 : -1], SignaturePosition.BACK, text[:start])
    if not signed:
        yield Signed("", SignaturePosition.FRONT, text)


class Matcher:
    """Finds the template of texts among those of one enterprise."""

    def __init__(self, templates: Iterable[Known]) -> None:
        self._of: dict[tuple[str, SignaturePosition], list[tuple[Known, list[str]]]] = {}
        self._all: list[tuple[Known, list[str]]] = []
        for known in sorted(templates, key=_fixed_words_first):
            entry = known, known.content.split(PLACEHOLDER)
            self._of.setdefault((known.signature, known.position), []).append(entry)
            self._all.append(entry)

    def find(self, text: str) -> Match | None:
        """The template of a whole text, with its signature or without.

        Without one it is the template's that is put on, unless templates of several signatures fit.
        """
        for signed in take_apart(text):
            if not signed.name:
                return self._find_unsigned(signed.content)
            for known, pieces in self._of.get((signed.name, signed.position), ()):
                parameters = _match(known.kind, pieces, signed.content)
                if parameters is not None:
                    return Match(known.template_id, parameters)
        return None

    def _find_unsigned(self, content: str) -> Match | None:
        found: Match | None = None
        signature = ""
        for known, pieces in self._all:
            if found is not None and known.signature == signature:
                continue
            parameters = _match(known.kind, pieces, content)
            if parameters is None:
                continue
            if found is not None:
                return None  # whose signature it is to be nobody said
            found, signature = Match(known.template_id, parameters), known.signature
        return found


def _fixed_words_first(known: Known) -> tuple[int, int]:
    return -len(known.content.replace(PLACEHOLDER, "")), known.template_id


def _match(kind: TemplateKind, pieces: list[str], content: str) -> tuple[str, ...] | None:
    """Of a marketing text the unsubscribe hint may be there already, or not."""
    if kind == TemplateKind.MARKETING:
        bare = without_hint(content)
        if bare != content:
            parameters = match_content(pieces, bare)
            if parameters is None and bare.endswith("，"):
                parameters = match_content(pieces, bare[:-1])
            if parameters is not None:
                return parameters
    return match_content(pieces, content)


def without_hint(content: str) -> str:
    """A text without the unsubscribe hint at its end."""
    return content.rstrip().removesuffix(UNSUBSCRIBE_HINT) if _hinted(content) else content


def _hinted(content: str) -> bool:
    return content.rstrip().endswith(UNSUBSCRIBE_HINT)
