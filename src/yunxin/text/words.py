"""Forbidden words: found in one pass however many there are, through the usual disguises."""

import unicodedata
from collections.abc import Iterable

from ahocorasick_rs import AhoCorasick, MatchKind

# Characters that people put between letters to slip through; none of them carries meaning.
_NOISE = dict.fromkeys(map(ord, " \t\r\n\u00a0\u200b\u200c\u200d\u2060\ufeff\u3000*-_.·•|/\\~"))


def plain(text: str) -> str:
    """The text as it is searched: full width to half, lower case, without separators."""
    return unicodedata.normalize("NFKC", text).lower().translate(_NOISE)


class WordList:
    """A list of forbidden words, ready to be searched for in any number of texts."""

    def __init__(self, words: Iterable[str]) -> None:
        """Args: words: as the operator typed them; empty ones are passed over."""
        self._words = list(dict.fromkeys(filter(None, map(plain, words))))
        self._automaton = (
            AhoCorasick(self._words, matchkind=MatchKind.LeftmostLongest) if self._words else None
        )

    def __len__(self) -> int:
        return len(self._words)

    def find(self, text: str) -> str | None:
        """The first forbidden word in the text, in its plain form, or None."""
        if self._automaton is None:
            return None
        matches = self._automaton.find_matches_as_indexes(plain(text))
        return self._words[matches[0][0]] if matches else None
