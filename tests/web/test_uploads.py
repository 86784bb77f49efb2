"""Stored files: streamed in and out, known by their bytes, private."""

import hashlib
import tracemalloc

import pytest
from django.urls import reverse

from yunxin.web import uploads
from yunxin.web.models import StoredChunk, StoredFile

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
MIB = uploads.CHUNK_BYTES


def keep(*chunks: bytes, **options) -> StoredFile:
    options = {
        "name": "a.txt",
        "enterprise_id": 1,
        "by_id": 1,
        "accepts": (uploads.TEXT,),
        "size_bytes_max": 5 * MIB,
        **options,
    }
    return uploads.store(chunks, **options)


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", uploads.JPEG),
        (PNG, uploads.PNG),
        (b"\x89PNG\r\n\x1a\n but not really", uploads.UNKNOWN),
        (b"GIF89a\x01\x00", uploads.GIF),
        (b"%PDF-1.7\n%\xe2\xe3", uploads.PDF),
        (b"PK\x03\x04....[Content_Types].xml....xl/workbook.xml", uploads.XLSX),
        (b"PK\x03\x04....readme", uploads.ZIP),
        ("13800000000,张三\r\n".encode(), uploads.TEXT),
        ("\ufeff13800000000,张三\n".encode(), uploads.TEXT),
        ("13800000000,镕堃\n".encode("gb18030"), uploads.TEXT),
        ("13800000000".encode("utf-16"), uploads.TEXT_UTF16),
        (b"MZ\x90\x00\x03", uploads.UNKNOWN),
        (b"\x7fELF\x02", uploads.UNKNOWN),
        (b"", uploads.UNKNOWN),
    ],
)
def test_the_type_comes_from_the_bytes(head, content_type):
    assert uploads.sniff(head) == content_type


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("licence.png", "licence.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\营业执照.pdf", "营业执照.pdf"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("..", "file"),
        ("", "file"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
        ("x" * 300, "x" * 200),
    ],
)
def test_nothing_of_a_file_name_is_trusted(given, kept):
    assert uploads.clean_name(given) == kept


def test_a_file_comes_back_as_it_was(db):
    content = b"line\n" * 600_000  # a little under three chunks
    pieces = [content[at : at + 65_536] for at in range(0, len(content), 65_536)]
    file = keep(*pieces)
    file.refresh_from_db()
    assert file.complete
    assert (file.size_bytes, file.content_type) == (len(content), "text/plain")
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert b"".join(uploads.read(file)) == content
    assert [len(chunk) for chunk in uploads.read(file)] == [MIB, MIB, len(content) - 2 * MIB]


def test_an_empty_file_is_refused(db):
    with pytest.raises(uploads.FileEmpty):
        keep()
    with pytest.raises(uploads.FileEmpty):
        keep(b"", b"")
    assert not StoredFile.objects.exists()


def test_a_file_beyond_the_limit_is_refused_and_nothing_is_kept(db):
    with pytest.raises(uploads.FileTooLarge, match="a.txt"):
        keep(b"x" * MIB, b"y" * MIB, size_bytes_max=2 * MIB - 1)
    assert not StoredFile.objects.exists()
    assert not StoredChunk.objects.exists()
    assert keep(b"x" * MIB, b"y" * MIB, size_bytes_max=2 * MIB).size_bytes == 2 * MIB


def test_a_disguised_file_is_refused(db):
    with pytest.raises(uploads.FileTypeRefused, match="scan.png"):
        keep(b"MZ\x90\x00", name="scan.png", accepts=uploads.EVIDENCE)
    assert not StoredFile.objects.exists()


def test_a_long_stream_takes_little_memory(db):
    """Forty mebibytes in and out; the peak stays at a few chunks."""
    file_bytes = 40 * MIB
    tracemalloc.start()
    try:
        file = uploads.store(
            (b"0" * 65_536 for _ in range(file_bytes // 65_536)),
            name="big.txt",
            enterprise_id=1,
            by_id=1,
            accepts=(uploads.TEXT,),
            size_bytes_max=file_bytes,
        )
        assert sum(map(len, uploads.read(file))) == file_bytes
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 12 * MIB


def test_discarding_takes_the_bytes_along(db):
    uploads.discard(keep(b"x"))
    assert not StoredFile.objects.exists()
    assert not StoredChunk.objects.exists()


@pytest.fixture
def acme_file(acme) -> StoredFile:
    return keep(PNG, name="营业执照.png", enterprise_id=acme.pk, accepts=uploads.EVIDENCE)


def test_its_enterprise_downloads_it_as_an_attachment(client, acme, acme_file):
    client.force_login(acme.users.get())
    answer = client.get(reverse("web:file", args=[acme_file.pk]))
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Length"] == str(len(PNG))
    assert "no-store" in answer["Cache-Control"]


def test_an_operator_downloads_it(client, operator, acme_file):
    client.force_login(operator)
    assert client.get(reverse("web:file", args=[acme_file.pk])).status_code == 200


def test_a_stranger_sees_404(client, globex, acme_file):
    client.force_login(globex.users.get())
    assert client.get(reverse("web:file", args=[acme_file.pk])).status_code == 404
    assert client.get(reverse("web:file", args=[acme_file.pk + 1])).status_code == 404


def test_a_file_of_the_platform_is_for_operators(client, globex, operator, db):
    file = keep(b"x", enterprise_id=uploads.ENTERPRISE_OF_PLATFORM)
    client.force_login(globex.users.get())
    assert client.get(reverse("web:file", args=[file.pk])).status_code == 404


def test_nobody_downloads_without_signing_in(client, acme_file):
    answer = client.get(reverse("web:file", args=[acme_file.pk]))
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


def test_an_unfinished_file_is_not_handed_out(client, acme):
    file = StoredFile.objects.create(enterprise_id=acme.pk, name="half.txt")
    client.force_login(acme.users.get())
    assert client.get(reverse("web:file", args=[file.pk])).status_code == 404
