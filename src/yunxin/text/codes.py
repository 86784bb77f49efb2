"""What a carrier's code means: look-up in the operators' table of codes.

A message keeps its carrier's word as it came (`UNDELIV:27`, `MK:0001`, `RINVDSTADR`); the table
(`carriers.models.CarrierCode`) says in people's words what it means. A row's code is one of:

    RINVDSTADR   this very code
    MK:*         every code that begins so, of several the longest
    :27          the error behind whatever word, as in `UNDELIV:27`

and holds for one protocol or, with an empty one, for all. A protocol's row goes before one for all.
"""

from collections.abc import Iterable
from typing import NamedTuple

from yunxin.vocabulary import CodeGroup

PROTOCOLS = ("cmpp", "sgip", "smgp", "smpp")
EVERY = ""  # a row for all protocols
REST = "*"  # at a row's end: and whatever follows
CODE_LENGTH_MAX = 40


class Meaning(NamedTuple):
    """What a code means.

    Args:
        permanent: sending to the same phone again soon would not help.
        decides: `permanent` is an operator's word: it goes before the protocol's own table when
            a submit was refused with this code.
    """

    group: CodeGroup
    permanent: bool
    english: str
    chinese: str
    decides: bool = False


class Found(NamedTuple):
    """A meaning, and whether it is the code's own; else only its first word was known."""

    meaning: Meaning
    is_exact: bool


def plain(code: str) -> str:
    """A code as it is compared: upper case, without spaces around it."""
    return code.strip().upper()


class CodeBook:
    """The whole table, ready to be asked."""

    def __init__(self, rows: Iterable[tuple[str, str, str, bool, str, str, bool]] = ()) -> None:
        """Args: rows: protocol, code, group, permanent, English, Chinese, decides."""
        self._exact: dict[tuple[str, str], Meaning] = {}
        self._begins: dict[tuple[str, str], Meaning] = {}
        for protocol, code, group, permanent, english, chinese, decides in rows:
            meaning = Meaning(CodeGroup(group), permanent, english, chinese, decides)
            table = self._begins if code.endswith(REST) else self._exact
            table[protocol, code.removesuffix(REST)] = meaning
        self._longest = max((len(begin) for _, begin in self._begins), default=0)

    def find(self, code: str | None, protocol: str = EVERY) -> Found | None:
        """What a code means; None where the table says nothing of it.

        Args:
            protocol: whose word it is; empty: not known. Then a meaning counts on which all
                protocols that know the code agree by its group.
        """
        word = plain(code or "")
        if not word:
            return None
        spaces = (protocol, EVERY) if protocol else (EVERY,)
        own = self._own(word, spaces) or (None if protocol else self._agreed(word))
        if own is not None:
            return Found(own, is_exact=True)
        while ":" in word:
            word = word.rpartition(":")[0]
            meaning = self._own(word, spaces)
            if meaning is not None:
                return Found(meaning, is_exact=False)
        return None

    def meaning(self, code: str | None, protocol: str = EVERY) -> Meaning | None:
        """What a code means, or at least its first word."""
        found = self.find(code, protocol)
        return found.meaning if found else None

    def decision(self, code: str, protocol: str) -> Meaning | None:
        """What operators decided about this very code of a protocol; None: nothing of their own."""
        found = self.find(code, protocol)
        return found.meaning if found and found.is_exact and found.meaning.decides else None

    def _own(self, word: str, spaces: tuple[str, ...]) -> Meaning | None:
        word_and_error = (word, word[word.rfind(":") :]) if ":" in word else (word,)
        for asked in word_and_error:
            for space in spaces:
                meaning = self._exact.get((space, asked))
                if meaning is not None:
                    return meaning
        for length in range(min(self._longest, len(word)), 0, -1):
            for space in spaces:
                meaning = self._begins.get((space, word[:length]))
                if meaning is not None:
                    return meaning
        return None

    def _agreed(self, word: str) -> Meaning | None:
        if ":" in word:
            return None  # an error behind a word is another one in each protocol
        found = [meaning for p in PROTOCOLS if (meaning := self._own(word, (p,)))]
        return found[0] if len({meaning.group for meaning in found}) == 1 else None
