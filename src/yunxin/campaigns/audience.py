"""The lines of an audience: bytes in, recipients and refused lines out. No I/O, flat memory.

A file is read twice: `EncodingProbe` finds what it is written in, then `LineReader` cuts it into
blocks of numbered lines and `Rules.check` judges each. `preparation.py` does both with the chunks
of a stored file; typed numbers and the people of groups go through the same rules.

A line is a phone and the parameters of the template in order, separated by the half-width comma.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from yunxin.text import phones, placeholders, segments
from yunxin.text.places import PlaceMap
from yunxin.text.words import WordList
from yunxin.vocabulary import CarrierName, Refusal, SignaturePosition, TemplateKind

HEAD_BYTES = 4096  # enough to tell a text from anything else
LINE_BYTES_MAX = 16_384  # four times what 1,000 characters take in the widest encoding
BLOCK_BYTES = 262_144  # lines are decoded and judged in blocks of about this size
CONTENT_CHARS_MAX = 200  # of a refused line, as it is kept and shown
DETAIL_CHARS_MAX = 60
ALL_CARRIERS = "all"

_SPACES = " \t\u00a0\u3000\ufeff\u200b"
_SEPARATORS_MISTAKEN = "，;；、\t|:："
_CONTROL = {code: None for code in (*range(0x20), 0x7F) if code != 0x09}
_WORD_JOINER = "\x01"  # never part of a text: lines with control characters are refused


class FileProblem(StrEnum):
    """Why a whole file, or groups, cannot be an audience; the pages have the sentences."""

    EMPTY = "empty"
    UTF16 = "utf16"
    SPREADSHEET = "spreadsheet"
    DOCUMENT = "document"
    ARCHIVE = "archive"
    IMAGE = "image"
    BINARY = "binary"
    ONLY_BAD_LINES = "only_bad_lines"
    NOBODY = "nobody"  # of groups: they are empty, or gone
    VARIABLES = "variables"  # of groups: the template has others than were filled
    INTERNAL = "internal"  # our fault


# The first bytes of what people upload by mistake, longest first where one begins another.
_SIGNATURES: Sequence[tuple[bytes, FileProblem]] = (
    (b"\xff\xfe", FileProblem.UTF16),
    (b"\xfe\xff", FileProblem.UTF16),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileProblem.DOCUMENT),  # .doc and .xls of old
    (b"%PDF-", FileProblem.DOCUMENT),
    (b"{\\rtf", FileProblem.DOCUMENT),
    (b"\x89PNG\r\n\x1a\n", FileProblem.IMAGE),
    (b"\xff\xd8\xff", FileProblem.IMAGE),
    (b"GIF87a", FileProblem.IMAGE),
    (b"GIF89a", FileProblem.IMAGE),
    (b"Rar!\x1a\x07", FileProblem.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", FileProblem.ARCHIVE),
    (b"\x1f\x8b", FileProblem.ARCHIVE),
)
# What tells an Office document from any other .zip: a folder name among its first entries.
_ZIP = b"PK\x03\x04"
_OFFICE = ((b"xl/", FileProblem.SPREADSHEET), (b"word/", FileProblem.DOCUMENT))
_NOT_IN_TEXT = bytes(code for code in range(0x20) if code not in (0x09, 0x0A, 0x0C, 0x0D, 0x1A))


def problem_of_head(head: bytes) -> FileProblem | None:
    """What is wrong with a file that begins so, or None for what may be a text.

    Args:
        head: its first HEAD_BYTES bytes, or all of it when it is shorter.
    """
    if not head.strip():
        return FileProblem.EMPTY
    if head.startswith(_ZIP):
        kinds = (problem for mark, problem in _OFFICE if mark in head)
        return next(kinds, FileProblem.ARCHIVE)
    for mark, problem in _SIGNATURES:
        if head.startswith(mark):
            return problem
    if head.translate(None, _NOT_IN_TEXT) != head:
        return FileProblem.BINARY
    return None


class Line(NamedTuple):
    """One line that is not blank: its number from 1, and its text (None: cannot be decoded)."""

    number: int
    text: str | None
    raw: bytes = b""


class LineReader:
    """Cuts bytes into numbered lines at \\n, \\r\\n and \\r, whatever the cut between two feeds."""

    def __init__(self, encoding: str) -> None:
        """Args: encoding: as `EncodingProbe.encoding` says."""
        self._encoding = encoding
        self._rest = b""
        self._lines = 0
        self._skipping = False  # inside a line that is longer than any line may be

    def feed(self, data: bytes) -> Iterator[list[Line]]:
        """The lines that these bytes complete, in blocks; blank lines are counted and left out."""
        data = self._rest + data
        cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        self._rest = data[cut:]
        yield from self._blocks(data[:cut])
        if len(self._rest) > LINE_BYTES_MAX:
            yield from self._give_up_line()

    def finish(self) -> Iterator[list[Line]]:
        """The last line, where the text does not end with a line break."""
        rest, self._rest = self._rest, b""
        if rest:
            yield from self._blocks(rest)

    def _give_up_line(self) -> Iterator[list[Line]]:
        """A line without end: refuse it once, and forget its bytes until the next break."""
        if not self._skipping:
            yield [Line(self._lines + 1, None, self._rest[: 4 * CONTENT_CHARS_MAX])]
        self._skipping = True
        # The last byte may be the \r of an \r\n whose \n is still to come.
        self._rest = b"\r" if self._rest.endswith(b"\r") else b"-"

    def _blocks(self, data: bytes) -> Iterator[list[Line]]:
        if self._skipping and data:
            end = min(at for at in (data.find(b"\n"), data.find(b"\r"), len(data)) if at >= 0)
            data = data[end:]
            self._skipping = False
        while data:
            cut = _block_end(data)
            yield self._lines_of(data[:cut])
            data = data[cut:]

    def _lines_of(self, block: bytes) -> list[Line]:
        first = self._lines + 1
        try:
            text = block.decode(self._encoding)
        except UnicodeDecodeError:
            return self._lines_one_by_one(block)
        texts = _split(text if self._lines else text.removeprefix("\ufeff"))
        self._lines += len(texts)
        return [
            Line(number, text)
            for number, text in enumerate(texts, first)
            if text and not text.isspace()
        ]

    def _lines_one_by_one(self, block: bytes) -> list[Line]:
        lines = []
        for raw in block.splitlines():
            self._lines += 1
            try:
                text = raw.decode(self._encoding)
            except UnicodeDecodeError:
                lines.append(Line(self._lines, None, raw))
                continue
            if text.strip():
                lines.append(Line(self._lines, text))
        return lines


def _block_end(data: bytes) -> int:
    """Where to cut off the first block: behind a line break, and never between \\r and \\n."""
    if len(data) <= BLOCK_BYTES:
        return len(data)
    cut = data.rfind(b"\n", 0, BLOCK_BYTES) + 1
    return cut or data.rfind(b"\r", 0, BLOCK_BYTES - 1) + 1 or len(data)


def _split(text: str) -> list[str]:
    """Lines at \\n, \\r\\n and \\r only: `str.splitlines` would cut at twelve more characters."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


class Member(NamedTuple):
    """One contact of a group: a number from 1, and what fills the variables of the template."""

    number: int
    phone: str
    name: str
    params: Sequence[str]


class Recipient(NamedTuple):
    """A line that can be sent to."""

    line: int
    phone: str
    params: tuple[str, ...]
    segments: int


class Refused(NamedTuple):
    """A line that cannot be sent to; `detail` is what the sentence of the reason needs."""

    line: int
    content: str
    reason: Refusal
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What a line is judged by: one template, one signature, the lists of this moment.

    `carriers` is the template's 发送范围; empty means all three.
    """

    content: str
    signature: str
    position: SignaturePosition
    kind: TemplateKind
    words: WordList
    carriers: frozenset[CarrierName] = frozenset()
    prefixes: Mapping[str, CarrierName] | None = None
    places: PlaceMap = field(default_factory=PlaceMap)  # where seven digits say whose they are

    @property
    def variables(self) -> int:
        """How many parameters each line must have."""
        return placeholders.variables(self.content)

    def text(self, params: Sequence[str]) -> str:
        """The whole text that a phone would show."""
        return self._compose(placeholders.fill(self.content, params))

    def _compose(self, content: str) -> str:
        return placeholders.compose(
            content, signature=self.signature, position=self.position, kind=self.kind
        )

    def check(self, lines: Iterable[Line]) -> tuple[list[Recipient], list[Refused]]:
        """Judge lines by everything that one line shows by itself.

        Duplicates and the blacklist are not seen here: they need the other lines, or the
        database.
        """
        given: list[tuple[Line, str, tuple[str, ...]]] = []
        refused: list[Refused] = []
        wanted = self.variables
        for line in lines:
            try:
                phone, params = self._take_apart(line, wanted)
            except LineRefused as refusal:
                refused.append(refusal.of(line))
            else:
                given.append((line, phone, params))
        return self._price(given, refused), refused

    def check_typed(
        self, numbers: Iterable[tuple[int, str]], params: tuple[str, ...]
    ) -> tuple[list[Recipient], list[Refused]]:
        """Judge typed numbers (counted from 1) that share their parameters."""
        given: list[tuple[Line, str, tuple[str, ...]]] = []
        refused: list[Refused] = []
        for number, typed in numbers:
            line = Line(number, typed)
            try:
                given.append((line, self._phone(typed), params))
            except LineRefused as refusal:
                refused.append(refusal.of(line))
        return self._price(given, refused), refused

    def check_people(self, people: Iterable[Member]) -> tuple[list[Recipient], list[Refused]]:
        """Judge contacts, each with parameters of their own."""
        given: list[tuple[Line, str, tuple[str, ...]]] = []
        refused: list[Refused] = []
        for person in people:
            line = Line(person.number, f"{person.phone} {person.name}")
            params = tuple(param.translate(_CONTROL).strip(_SPACES) for param in person.params)
            try:
                if "" in params:
                    raise LineRefused(Refusal.PARAMS_MISSING, f"empty {params.index('') + 1}")
                given.append((line, self._phone(person.phone), params))
            except LineRefused as refusal:
                refused.append(refusal.of(line))
        return self._price(given, refused), refused

    def _take_apart(self, line: Line, wanted: int) -> tuple[str, tuple[str, ...]]:
        if line.text is None:
            raise LineRefused(Refusal.LINE_MALFORMED, "encoding")
        text = line.text
        if not text.isprintable() and text.translate(_CONTROL) != text:
            raise LineRefused(Refusal.LINE_MALFORMED, "control")
        first, *rest = text.split(",")
        try:
            phone = self._phone(first.strip(_SPACES))
        except LineRefused as refusal:
            raise _closer_look(first, refusal) from None
        params = [param.strip(_SPACES) for param in rest]
        while len(params) > wanted and not params[-1]:
            params.pop()  # a spreadsheet leaves commas behind
        if len(params) != wanted:
            raise _wrong_count(text, wanted, len(params))
        if "" in params:
            raise LineRefused(Refusal.PARAMS_MISSING, f"empty {params.index('') + 1}")
        return phone, tuple(params)

    def _phone(self, typed: str) -> str:
        try:
            phone = phones.normalise(typed)
        except phones.PhoneInvalid:
            raise LineRefused(Refusal.PHONE_INVALID) from None
        if self.carriers:
            table = phones.PREFIXES if self.prefixes is None else self.prefixes
            carrier = self.places.find(phone).carrier or phones.carrier_of(phone, table)
            if carrier not in self.carriers:
                raise LineRefused(Refusal.CARRIER_NOT_SERVED, carrier)
        return phone

    def _price(
        self, given: list[tuple[Line, str, tuple[str, ...]]], refused: list[Refused]
    ) -> list[Recipient]:
        """Fill, search and count every text; what fails moves to the refused ones."""
        contents = [placeholders.fill(self.content, params) for _, _, params in given]
        suspicious = self.words.find(_WORD_JOINER.join(contents)) is not None  # one pass for all
        recipients = []
        for (line, phone, params), content in zip(given, contents, strict=True):
            if suspicious and (word := self.words.find(content)):
                refused.append(LineRefused(Refusal.FORBIDDEN_WORD, word).of(line))
                continue
            text = self._compose(content)
            try:
                recipients.append(Recipient(line.number, phone, params, segments.count(text)))
            except segments.TextTooLong:
                length = str(segments.length(text))
                refused.append(LineRefused(Refusal.TEXT_TOO_LONG, length).of(line))
        return recipients


class LineRefused(ValueError):
    """One line cannot be sent to, for a reason that its owner will read."""

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def of(self, line: Line) -> Refused:
        """The refusal as it is kept: with the line's number and its beginning."""
        text = line.text
        if text is None:
            text = line.raw[: 4 * CONTENT_CHARS_MAX].decode("utf-8", "replace")
        content = text.strip(_SPACES).translate(_CONTROL)[:CONTENT_CHARS_MAX]
        return Refused(line.number, content, self.reason, self.detail[:DETAIL_CHARS_MAX])


def _closer_look(first: str, refusal: LineRefused) -> LineRefused:
    """Whether a phone that is none is a phone with the wrong separator behind it."""
    if refusal.reason != Refusal.PHONE_INVALID:
        return refusal
    if "，" in first:
        return LineRefused(Refusal.FULL_WIDTH_COMMA)
    head = first.strip(_SPACES)
    at = min((at for mark in _SEPARATORS_MISTAKEN if (at := head.find(mark)) > 0), default=0)
    if not at:
        parts = head.split()
        at = len(parts[0]) if len(parts) > 1 else 0
    try:
        phones.normalise(head[:at])
    except phones.PhoneInvalid:
        return refusal
    return LineRefused(Refusal.LINE_MALFORMED, "separator")


def _wrong_count(text: str, wanted: int, given: int) -> LineRefused:
    if given < wanted:
        if "，" in text:
            return LineRefused(Refusal.FULL_WIDTH_COMMA)
        return LineRefused(Refusal.PARAMS_MISSING, f"{wanted}/{given}")
    return LineRefused(Refusal.PARAMS_EXTRA, f"{wanted}/{given}")


def typed_numbers(text: str) -> list[str]:
    """The numbers of a text area, however they are separated; spaces inside +86 138… are kept.

    Separators are line breaks, commas, semicolons and 、 of either width. Spaces separate too
    where what stands between them is a number by itself.
    """
    for mark in ",，;；、\r\n\t":
        text = text.replace(mark, "\n")
    numbers: list[str] = []
    for piece in filter(None, (piece.strip(_SPACES) for piece in text.split("\n"))):
        numbers += _by_spaces(piece)
    return numbers


def _by_spaces(piece: str) -> list[str]:
    words = piece.split()
    if len(words) > 1 and not _is_phone(piece):
        return words
    return [piece]


def _is_phone(text: str) -> bool:
    try:
        phones.normalise(text)
    except phones.PhoneInvalid:
        return False
    return True


def served_carriers(carriers: Sequence[str]) -> frozenset[CarrierName]:
    """The carriers of a template's 发送范围; empty for 三网, which stands for all."""
    if not carriers or ALL_CARRIERS in carriers:
        return frozenset()
    return frozenset(map(CarrierName, carriers))
