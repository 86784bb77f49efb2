"""From a text to the bytes of its parts, as one channel wants them.

`text.segments` cuts: the parts here are the segments that were paid for. The alphabet is the
channel's setting; a text of several parts gets a header with a reference number that counts per
phone, so that no two long texts to one phone are joined into one.
"""

from collections.abc import Sequence
from random import randrange

from yunxin.protocols.events import Alphabet
from yunxin.protocols.smpp.precut import DATA_CODINGS, SubmitTemplate
from yunxin.text import alphabets, segments
from yunxin.vocabulary import WireAlphabet

TEMPLATES_MAX = 2_000  # one an extension and alphabet; far more than are in use at a time
REFERENCES_MAX = 100_000  # phones whose last reference is remembered; then the oldest half goes


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
    """How one SMPP account writes messages."""

    def __init__(
        self,
        *,
        access_number: str,
        alphabet: WireAlphabet,
        source_ton: int = 0,
        source_npi: int = 1,
        dest_ton: int = 1,
        dest_npi: int = 1,
    ) -> None:
        self._access_number = access_number
        self._may_be_gsm7 = alphabet is WireAlphabet.GSM7_OR_UCS2
        self._source = source_ton, source_npi
        self._dest = dest_ton, dest_npi
        self._templates: dict[tuple[str, Alphabet], SubmitTemplate] = {}
        self._references = References()

    def alphabet_of(self, text: str) -> Alphabet:
        """In which alphabet the whole text is sent."""
        if self._may_be_gsm7 and alphabets.is_gsm7(text):
            return Alphabet.GSM7
        return Alphabet.UCS2

    def parts(self, text: str, phone: str, alphabet: Alphabet) -> Sequence[bytes]:
        """The user data of each part; with a header each when there are several."""
        encode = alphabets.encode_gsm7 if alphabet is Alphabet.GSM7 else alphabets.encode_ucs2
        pieces = segments.split(text)
        if len(pieces) == 1:
            return (encode(text),)
        reference, total = self._references.next(phone), len(pieces)
        return [
            segments.header(reference, total, number) + encode(piece)
            for number, piece in enumerate(pieces, 1)
        ]

    def template(self, extension: str, alphabet: Alphabet) -> SubmitTemplate:
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
            template = SubmitTemplate(
                self._access_number + extension,
                data_coding=DATA_CODINGS[alphabet],
                source_ton=self._source[0],
                source_npi=self._source[1],
                dest_ton=self._dest[0],
                dest_npi=self._dest[1],
            )
            self._templates[key] = template
        return template
