"""What an uploaded file is, from its bytes and never from its name; then its tables."""

from collections.abc import Sequence
from typing import BinaryIO

from yunxin.web.tables.cells import Table
from yunxin.web.tables.delimited import TextTable
from yunxin.web.tables.problems import TableProblem, TableRefused
from yunxin.web.tables.workbooks import Workbook

HEAD_BYTES = 64 * 1024  # enough to tell what a file is
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # [MS-CFB] 2.2
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")  # [MS-OFFCRYPTO] 2.3.4.4
# What people upload by mistake, by its first bytes.
_SIGNATURES = (
    (b"%PDF-", TableProblem.DOCUMENT),
    (b"{\\rtf", TableProblem.DOCUMENT),
    (b"\x89PNG\r\n\x1a\n", TableProblem.IMAGE),
    (b"\xff\xd8\xff", TableProblem.IMAGE),
    (b"GIF87a", TableProblem.IMAGE),
    (b"GIF89a", TableProblem.IMAGE),
    (b"Rar!\x1a\x07", TableProblem.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", TableProblem.ARCHIVE),
    (b"\x1f\x8b", TableProblem.ARCHIVE),
    (b"PK\x05\x06", TableProblem.EMPTY),  # an archive with nothing in it
)
_NOT_IN_TEXT = bytes(code for code in range(0x20) if code not in (0x09, 0x0A, 0x0C, 0x0D, 0x1A))


def problem_of_head(head: bytes) -> TableProblem | None:
    """What is wrong with a file that begins so, as far as that can be seen; None: go on.

    Args:
        head: its first HEAD_BYTES or more, or all of it when it is shorter.
    """
    if not head.strip(b"\x00 \t\r\n"):
        return TableProblem.EMPTY if not head.strip() else TableProblem.BINARY
    if head.startswith(_ZIP):
        return None  # which archive it is stands at its end
    if head.startswith(_OLE):
        is_encrypted = _ENCRYPTED_STREAM in head
        return TableProblem.ENCRYPTED if is_encrypted else TableProblem.OLD_OFFICE
    for mark, problem in _SIGNATURES:
        if head.startswith(mark):
            return problem
    if head.startswith(_UTF16):
        return None
    return TableProblem.BINARY if head.translate(None, _NOT_IN_TEXT) != head else None


def open_tables(file: BinaryIO) -> Sequence[Table]:
    """The visible sheets of a workbook in their order, or the one table of a text.

    Args:
        file: open for reading, and seekable; it stays the caller's.
    Raises:
        TableRefused: it is neither, or damaged.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head.startswith(_OLE):
        head += file.read(1024 * 1024)  # its directory may stand further on
    problem = problem_of_head(head)
    if problem is not None:
        raise TableRefused(problem)
    return Workbook(file).sheets() if head.startswith(_ZIP) else [TextTable(file)]
