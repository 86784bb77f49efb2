"""XML as workbooks have it: read in pieces, without entities, and with bounds on everything kept.

Element names come as the local name for the namespaces of spreadsheets (both kinds: ECMA-376
transitional and strict) and as None for all others.
"""

from collections.abc import Callable, Iterable, Iterator
from xml.parsers import expat

from yunxin.web.tables.problems import TableProblem, TableRefused

_SEPARATOR = " "
_NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://schemas.openxmlformats.org/package/2006/content-types",
    "http://schemas.openxmlformats.org/package/2006/relationships",
)
RELATION_IDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)
MARKUP_BYTES_MAX = 1024 * 1024  # one tag with all its attributes
NAMES_MAX = 10_000  # different names of elements and attributes
DEPTH_MAX = 100  # elements in elements; a workbook has less than ten. Each costs 150 bytes.
PREFIXES_MAX = 1_000  # different prefixes of namespaces: the parser keeps them to the end

Attributes = dict[str, str]
OnStart = Callable[[str, Attributes], None]
OnEnd = Callable[[str], None]
OnText = Callable[[str], None]


def parse(
    pieces: Iterable[bytes], on_start: OnStart, on_end: OnEnd, on_text: OnText
) -> Iterator[None]:
    """Parse piece by piece: after each yield, what the piece held has been told.

    Raises:
        TableRefused: it is not well-formed, declares a document type, or exceeds a bound.
    """
    names: dict[str, str] = {}
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR, intern=names)
    parser.buffer_text = True
    prefixes: set[str | None] = set()
    depth = 0
    local = {f"{space}{_SEPARATOR}{name}": name for space in _NAMESPACES for name in _KNOWN}

    def start(name: str, attributes: Attributes) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_MAX:
            raise TableRefused(TableProblem.TOO_MUCH_INSIDE)
        if name in local:
            on_start(local[name], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if name in local:
            on_end(local[name])

    def declare(prefix: str | None, _space: str | None) -> None:
        prefixes.add(prefix)
        if len(prefixes) > PREFIXES_MAX:
            raise TableRefused(TableProblem.TOO_MUCH_INSIDE)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartNamespaceDeclHandler = declare
    parser.CharacterDataHandler = on_text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    fed_bytes = 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            fed_bytes += len(piece)
            if fed_bytes - parser.CurrentByteIndex > MARKUP_BYTES_MAX or len(names) > NAMES_MAX:
                raise TableRefused(TableProblem.TOO_MUCH_INSIDE)
            yield
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        if isinstance(error, TableRefused):
            raise
        raise TableRefused(TableProblem.DAMAGED) from error
    yield


_KNOWN = (
    "Override", "Default", "Relationship",
    "workbookPr", "sheet",
    "numFmt", "cellXfs", "xf",
    "sst", "si", "t", "rPh", "is",
    "row", "c", "v", "f",
)  # fmt: skip


def _refuse_document_type(*_: object) -> None:
    raise TableRefused(TableProblem.DAMAGED)
