"""Large files sent in slices: one request a slice, so that a hiccup costs one slice and not all.

`begin` makes an incomplete file, `append` takes its slices in order (each at most CHUNK_BYTES, the
last one may be shorter), `complete` closes it. A slice that is sent again because the answer got
lost changes nothing. Files that nobody completed are swept by `discard_abandoned`.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from yunxin.web.models import StoredChunk, StoredFile
from yunxin.web.uploads import CHUNK_BYTES, FileEmpty, FileTooLarge, clean_name, discard, sniff

ABANDONED_AFTER = timedelta(hours=24)


class SliceOutOfOrder(ValueError):
    """Another slice is expected; `wanted` is the byte it must begin at."""

    def __init__(self, wanted: int) -> None:
        super().__init__(wanted)
        self.wanted = wanted


def begin(
    *, name: str, size_bytes: int, enterprise_id: int, by_id: int, size_bytes_max: int
) -> StoredFile:
    """An empty, incomplete file that will have this many bytes; restricted, as it holds phones.

    Raises:
        UploadError: the size alone rules it out.
    """
    name = clean_name(name)
    if size_bytes > size_bytes_max:
        raise FileTooLarge(name, size_bytes_max)
    if size_bytes < 1:
        raise FileEmpty(name)
    return StoredFile.objects.create(
        name=name,
        enterprise_id=enterprise_id,
        created_by_id=by_id,
        size_bytes=size_bytes,
        restricted=True,
    )


@transaction.atomic
def append(file: StoredFile, *, start: int, data: bytes) -> int:
    """Keep the slice that begins at a byte; returns how many bytes are there now.

    Raises:
        SliceOutOfOrder: it neither continues the file nor repeats what is there.
    """
    file = StoredFile.objects.select_for_update().get(pk=file.pk, complete=False)
    there = bytes_there(file)
    if start + len(data) <= there and start % CHUNK_BYTES == 0:
        return there  # sent again: the first answer got lost
    is_last = start + len(data) == file.size_bytes
    is_right_size = len(data) == CHUNK_BYTES or (is_last and 0 < len(data) <= CHUNK_BYTES)
    if start != there or not is_right_size or start + len(data) > file.size_bytes:
        raise SliceOutOfOrder(there)
    StoredChunk.objects.create(file=file, position=start // CHUNK_BYTES, data=data)
    return there + len(data)


@transaction.atomic
def complete(file: StoredFile) -> StoredFile:
    """Close a file of which all bytes are there.

    Raises:
        SliceOutOfOrder: some are missing.
    """
    file = StoredFile.objects.select_for_update().get(pk=file.pk)
    there = bytes_there(file)
    if there != file.size_bytes:
        raise SliceOutOfOrder(there)
    if not file.complete:
        head = StoredChunk.objects.values_list("data", flat=True).get(file=file, position=0)
        file.content_type, file.complete = sniff(bytes(head)), True
        file.save(update_fields=("content_type", "complete"))
    return file


def discard_abandoned() -> int:
    """Delete files whose sending was given up; returns how many there were."""
    old = StoredFile.objects.filter(complete=False, created_at__lt=timezone.now() - ABANDONED_AFTER)
    for file in old:
        discard(file)
    return len(old)


def bytes_there(file: StoredFile) -> int:
    """How many bytes have come: all chunks but the last of a file are full."""
    count = StoredChunk.objects.filter(file=file).count()
    return min(count * CHUNK_BYTES, file.size_bytes)
