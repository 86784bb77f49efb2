"""The archive that a workbook is, read without trusting what it says about itself.

Everything that is unpacked goes through one meter, so a few kilobytes that unpack to gigabytes
end as a refusal, with flat memory and in seconds.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from yunxin.web.tables.problems import TableProblem, TableRefused

# 1,048,576 empty rows with a style in each of 16 columns unpack to about 400 MiB; full ones of
# eight columns to 350.
UNPACKED_BYTES_MAX = 768 * 1024 * 1024
DIRECTORY_BYTES_MAX = 1024 * 1024  # some 10,000 files; a workbook has a few dozen
PIECE_BYTES = 64 * 1024
# APPNOTE.TXT 4.3.16, 4.3.15 and 4.3.14
_END, _END_MARK = struct.Struct("<4s4H2LH"), b"PK\x05\x06"
_LOCATOR_MARK, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END_64 = struct.Struct("<4sQ2H2L4Q")
_COMMENT_BYTES_MAX = 65_535
_IS_ENCRYPTED = 0x1
_WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # all that a workbook may use


class Archive:
    """The files in an archive, by name; what is unpacked in all is bounded."""

    def __init__(self, file: BinaryIO) -> None:
        """
        Raises:
            TableRefused: it is damaged, protected, or not what a workbook is made of.
        """
        _check_directory(file)
        with translated():
            self._zip = zipfile.ZipFile(file)
        self._left_bytes = UNPACKED_BYTES_MAX
        for each in self._zip.infolist():
            if each.flag_bits & _IS_ENCRYPTED:
                raise TableRefused(TableProblem.ENCRYPTED)

    def names(self) -> list[str]:
        return self._zip.namelist()

    def size_bytes(self, name: str) -> int:
        """How large a file says it is when unpacked; 0 when it does not exist."""
        try:
            return self._zip.getinfo(name).file_size
        except KeyError:
            return 0

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file unpacked, in pieces.

        Raises:
            TableRefused: it does not exist, is damaged, or unpacks to too much.
        """
        with translated():
            info = self._zip.getinfo(name)
            if info.compress_type not in _WAYS:
                raise TableRefused(TableProblem.DAMAGED)
            with self._zip.open(info) as part:
                while piece := part.read(PIECE_BYTES):
                    self._left_bytes -= len(piece)
                    if self._left_bytes < 0:
                        raise TableRefused(TableProblem.TOO_MUCH_INSIDE)
                    yield piece


@contextmanager
def translated() -> Iterator[None]:
    """Whatever a broken archive makes the library raise means that the file is damaged."""
    try:
        yield
    except (
        zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, KeyError, OSError,
        NotImplementedError, RuntimeError, struct.error, OverflowError, UnicodeError, ValueError,
    ) as error:  # fmt: skip
        if isinstance(error, TableRefused):
            raise
        raise TableRefused(TableProblem.DAMAGED) from error


def _check_directory(file: BinaryIO) -> None:
    """Refuse an archive whose list of files alone would fill the memory, before it is read."""
    size = file.seek(0, io.SEEK_END)
    begin = file.seek(max(0, size - _END.size - _COMMENT_BYTES_MAX))
    tail = file.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise TableRefused(TableProblem.DAMAGED)
    directory_bytes = max(_END.unpack_from(tail, at)[5], _directory_bytes_64(file, begin + at))
    if directory_bytes > DIRECTORY_BYTES_MAX:
        raise TableRefused(TableProblem.TOO_MUCH_INSIDE)


def _directory_bytes_64(file: BinaryIO, end: int) -> int:
    """What the record of large archives says, where one stands before the usual one."""
    if end < _LOCATOR_BYTES + _END_64.size:
        return 0
    file.seek(end - _LOCATOR_BYTES - _END_64.size)
    data = file.read(_END_64.size + _LOCATOR_BYTES)
    if not data[_END_64.size :].startswith(_LOCATOR_MARK):
        return 0
    return int(_END_64.unpack_from(data)[8])
