"""Files that people upload: taken in as a stream, checked by their bytes, handed out privately.

`store` takes any stream of bytes, however long, with about one mebibyte in memory; `read` gives
it back the same way. What a file is called is only ever shown: its type comes from its bytes, and
`download` sends it as an attachment to its own enterprise and to operators, to nobody else.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import connection, transaction
from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from yunxin.web.models import StoredChunk, StoredFile

CHUNK_BYTES = 1024 * 1024  # what one row, and so one request, holds in memory
NAME_LENGTH_MAX = 200  # StoredFile.name
ENTERPRISE_OF_PLATFORM = 0

JPEG, PNG, GIF, PDF = "image/jpeg", "image/png", "image/gif", "application/pdf"
TEXT, TEXT_UTF16 = "text/plain", "text/plain; charset=utf-16"
ZIP = "application/zip"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNKNOWN = "application/octet-stream"

EVIDENCE = (JPEG, PNG, PDF)  # what supporting documents may be
EVIDENCE_BYTES_MAX = 5 * 1024 * 1024  # product rule

_SHOWN: dict[str, str | Promise] = {
    JPEG: "JPG",
    PNG: "PNG",
    GIF: "GIF",
    PDF: "PDF",
    TEXT: gettext_lazy("plain text"),
    ZIP: "ZIP",
    XLSX: "XLSX",
}


class UploadError(ValueError):
    """The file cannot be taken; the message is a sentence for the person who chose it."""


class FileEmpty(UploadError):
    """The file has no bytes."""

    def __init__(self, name: str) -> None:
        super().__init__(_("“%(name)s” is empty. Choose a file with content.") % {"name": name})


class FileTooLarge(UploadError):
    """The file is larger than its use allows."""

    def __init__(self, name: str, size_bytes_max: int) -> None:
        limit = {"name": name, "limit": filesizeformat(size_bytes_max)}
        super().__init__(_("“%(name)s” is larger than %(limit)s. Choose a smaller file.") % limit)


class FileTypeRefused(UploadError):
    """The bytes are not of a type that its use allows."""

    def __init__(self, name: str, accepts: Collection[str]) -> None:
        separator = pgettext("between things of a list", ", ")
        types = separator.join(str(_SHOWN.get(each, each)) for each in accepts)
        sentence = _(
            "“%(name)s” cannot be used: its content, not only its name, must be %(types)s."
        )
        super().__init__(sentence % {"name": name, "types": types})


# Taking in ---------------------------------------------------------------------------------------


def store(
    chunks: Iterable[bytes],
    *,
    name: str,
    enterprise_id: int,
    by_id: int,
    accepts: Collection[str],
    size_bytes_max: int,
    restricted: bool = False,
) -> StoredFile:
    """Keep a stream of bytes as a file, in one transaction: all of it or nothing.

    Args:
        chunks: pieces of any size, such as `UploadedFile.chunks()`; the transaction is open while
            they come, so they should come from memory or disk.
        name: as the browser gave it; only its last part is kept, to be shown.
        enterprise_id: whose file it is; `ENTERPRISE_OF_PLATFORM` for the platform's own.
        accepts: content types as `sniff` names them.
        restricted: as StoredFile has it; for what not everybody of the enterprise may see.
    Raises:
        UploadError: empty, too large, or of another type; nothing is kept.
    """
    name = clean_name(name)
    digest, size_bytes, content_type = hashlib.sha256(), 0, ""
    with transaction.atomic():
        file = StoredFile.objects.create(
            name=name,
            enterprise_id=enterprise_id,
            created_by_id=by_id,
            restricted=restricted,
        )
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "COPY web_storedchunk (file_id, position, data) FROM STDIN (FORMAT BINARY)"
            ) as copy,
        ):
            copy.set_types(("int8", "int4", "bytea"))
            for position, chunk in enumerate(_regroup(chunks)):
                size_bytes += len(chunk)
                if size_bytes > size_bytes_max:
                    raise FileTooLarge(name, size_bytes_max)
                if position == 0:
                    content_type = sniff(chunk)
                    if content_type not in accepts:
                        raise FileTypeRefused(name, accepts)
                digest.update(chunk)
                copy.write_row((file.pk, position, chunk))
        if not size_bytes:
            raise FileEmpty(name)
        file.size_bytes, file.content_type = size_bytes, content_type
        file.sha256, file.complete = digest.hexdigest(), True
        file.save(update_fields=("size_bytes", "content_type", "sha256", "complete"))
    return file


def clean_name(name: str) -> str:
    """The last part of a file name, without control characters, at most 200 characters long."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(char for char in name if char.isprintable()).strip(" .") or "file"
    if len(name) <= NAME_LENGTH_MAX:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        return name[:NAME_LENGTH_MAX]
    return f"{stem[: NAME_LENGTH_MAX - len(extension) - 1]}.{extension}"


def _regroup(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of exactly CHUNK_BYTES; the last may be shorter."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= CHUNK_BYTES:
            yield bytes(buffer[:CHUNK_BYTES])
            del buffer[:CHUNK_BYTES]
    if buffer:
        yield bytes(buffer)


# What it is --------------------------------------------------------------------------------------

_ZIP_ENTRY = b"PK\x03\x04"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # never in UTF-8 or GB18030 text


def sniff(head: bytes) -> str:
    """The content type of a file by its first bytes; `UNKNOWN` when it is none that we know.

    Args:
        head: the beginning, up to CHUNK_BYTES; for a text all of it is looked through.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return PNG
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return GIF
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(_ZIP_ENTRY):
        return XLSX if b"[Content_Types].xml" in head and b"xl/" in head else ZIP
    if head.startswith(_UTF16_MARKS):
        return TEXT_UTF16
    return UNKNOWN if not head or _CONTROLS.search(head) else TEXT


# Handing out -------------------------------------------------------------------------------------


def read(file: StoredFile) -> Iterator[bytes]:
    """The bytes of a file, one row of at most CHUNK_BYTES at a time."""
    rows = StoredChunk.objects.filter(file_id=file.pk)
    position = 0
    while (
        data := rows.filter(position=position).values_list("data", flat=True).first()
    ) is not None:
        yield bytes(data)
        position += 1


def response(file: StoredFile) -> StreamingHttpResponse:
    """The file as an answer that a browser saves and never interprets."""
    answer = StreamingHttpResponse(read(file), content_type=file.content_type or UNKNOWN)
    answer["Content-Length"] = str(file.size_bytes)
    answer["Content-Disposition"] = content_disposition_header(True, file.name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


@login_required
@require_safe
def download(request: Any, file_id: int) -> HttpResponseBase:
    """A stored file, for its own enterprise and for operators; to others it does not exist.

    Restricted files do not exist here for anybody.
    """
    file = get_object_or_404(StoredFile, pk=file_id, complete=True, restricted=False)
    if not request.user.is_operator and request.user.enterprise_id != file.enterprise_id:
        raise Http404
    return response(file)


def discard(file: StoredFile) -> None:
    """Delete a file and its bytes."""
    with transaction.atomic():
        StoredChunk.objects.filter(file_id=file.pk).delete()
        file.delete()
