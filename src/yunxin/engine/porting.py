"""Which codes of reports say that a number is another carrier's now: the operators' rules.

Off unless an operator switched it on and named codes, as every carrier has its own. `receipts`
notes the phones of such reports (`ported_news`), the pages' half enters them into the table of
ported numbers (`carriers/learning`); the next message to the phone goes to its new carrier.
"""

from collections.abc import Iterable

from yunxin.text.codes import EVERY, REST, plain
from yunxin.vocabulary import CarrierName


class PortingRules:
    """Protocol, code and carrier of each rule, ready to be asked; false where there is none."""

    __slots__ = ("_begins", "_exact")

    def __init__(self, rows: Iterable[tuple[str, str, str]] = ()) -> None:
        """Args: rows: an empty protocol holds for all; a code may end with `*`."""
        self._exact: dict[tuple[str, str], CarrierName] = {}
        self._begins: list[tuple[str, str, CarrierName]] = []
        for protocol, code, carrier in rows:
            if code.endswith(REST):
                self._begins.append((code.removesuffix(REST), protocol, CarrierName(carrier)))
            else:
                self._exact[protocol, code] = CarrierName(carrier)
        # The longest beginning first, of two the same a protocol's own.
        self._begins.sort(key=lambda rule: (len(rule[0]), rule[1]), reverse=True)

    def __bool__(self) -> bool:
        return bool(self._exact or self._begins)

    def carrier(self, code: str, protocol: str) -> CarrierName | None:
        """Whose the number is now, if the code says so.

        A report's error stands behind its word: `NP:1243:001` is `NP:1243` too. A code's own rule
        goes before one for all that begin so.
        """
        if not self:
            return None
        whole = word = plain(code)
        while word:
            for space in (protocol, EVERY):
                found = self._exact.get((space, word))
                if found is not None:
                    return found
            word = word.rpartition(":")[0]
        for begin, space, carrier in self._begins:
            if space in (protocol, EVERY) and whole.startswith(begin):
                return carrier
        return None
