"""From a text to the bytes of its parts, as one channel wants them.

`text.segments` cuts: the parts here are the segments that were paid for. The alphabet is the
channel's setting; a text of several parts gets a header with a reference number that counts per
phone, so that no two long texts to one phone are joined into one.
"""

from collections.abc import Callable, Sequence
from random import randrange
from typing import Any

from yunxin.protocols.events import Alphabet
from yunxin.text import alphabets, segments

TEMPLATES_MAX = 2_000  # one an extension and alphabet; far more than are in use at a time
REFERENCES_MAX = 100_000  # phones whose last reference is remembered; then the oldest half goes


# Which texts fit an alphabet that is shorter than UCS-2, and the bytes of a piece of text.
_FITS: dict[Alphabet, Callable[[str], bool]] = {
    Alphabet.GSM7: alphabets.is_gsm7,
    Alphabet.ASCII: str.isascii,
}
_ENCODERS: dict[Alphabet, Callable[[str], bytes]] = {
    Alphabet.UCS2: alphabets.encode_ucs2,
    Alphabet.GSM7: alphabets.encode_gsm7,
    Alphabet.ASCII: str.encode,
}


class References:
    """The reference numbers of long texts: 0 to 255, in turn for each phone."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def next(self, phone: str) -> int:
        """The number for the next long text to a phone; the first is random."""
        last = self._last.pop(phone, None)
        number = randrange(256) if last is None else (last + 1) & 0xFF
        if len(self._last) >= REFERENCES_MAX:
            for old in list(self._last)[: REFERENCES_MAX // 2]:
                del self._last[old]
        self._last[phone] = number
        return number


class Wire:
    """How one account writes messages.

    Args:
        make: the protocol's template for a sender's number and an alphabet.
        short: the alphabet for texts that fit it; None sends everything as UCS-2.
    """

    def __init__(
        self,
        access_number: str,
        make: Callable[[str, Alphabet], Any],
        *,
        short: Alphabet | None = None,
    ) -> None:
        self._access_number = access_number
        self._make = make
        self._short = short
        self._fits = _FITS[short] if short else None
        self._templates: dict[tuple[str, Alphabet], Any] = {}
        self._references = References()

    def alphabet_of(self, text: str) -> Alphabet:
        """In which alphabet the whole text is sent."""
        if self._short and self._fits and self._fits(text):
            return self._short
        return Alphabet.UCS2

    def parts(self, text: str, phone: str, alphabet: Alphabet) -> Sequence[bytes]:
        """The user data of each part; with a header each when there are several."""
        encode = _ENCODERS[alphabet]
        pieces = segments.split(text)
        if len(pieces) == 1:
            return (encode(text),)
        reference, total = self._references.next(phone), len(pieces)
        return [
            segments.header(reference, total, number) + encode(piece)
            for number, piece in enumerate(pieces, 1)
        ]

    def template(self, extension: str, alphabet: Alphabet) -> Any:
        """What all messages with one sender's number and alphabet share.

        Raises:
            LocalProtocolError: the number has more digits than the protocol holds, as the channel
                got a longer one after the message was accepted. It is never cut: replies to a cut
                number would be another's.
        """
        key = (extension, alphabet)
        template = self._templates.get(key)
        if template is None:
            if len(self._templates) >= TEMPLATES_MAX:
                self._templates.clear()
            template = self._make(self._access_number + extension, alphabet)
            self._templates[key] = template
        return template
