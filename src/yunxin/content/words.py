"""The platform's forbidden words, as content reads them.

The list is kept by `carriers`, a room of the same level that must not be imported. A row is what
rooms share, so it is read as rows, by SQL; a test compares this with the model of its owner.
"""

from functools import lru_cache

from django.db import connection

from yunxin.text.words import WordList, plain


def forbidden_words() -> WordList:
    """The list as it is now; rebuilt only when it has changed since the last call."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT word FROM carriers_forbiddenword ORDER BY id")
        return _word_list(tuple(word for (word,) in cursor.fetchall()))


@lru_cache(maxsize=1)
def _word_list(words: tuple[str, ...]) -> WordList:
    return WordList(words)


def place_of(text: str, word: str) -> tuple[int, str]:
    """Where a word that `WordList.find` found stands: character from 1, and as it is written.

    The search goes through a plain form of the text (half width, lower case, no separators), so
    the place is found by counting how much of that form each character makes.
    """
    owners = [at for at, char in enumerate(text) for _ in plain(char)]
    start = plain(text).find(word)
    if start < 0 or start + len(word) > len(owners):
        return 1, word
    first, last = owners[start], owners[start + len(word) - 1]
    return first + 1, text[first : last + 1]
