"""Which of two encodings a text is in, whatever the cut between two pieces."""

import pytest

from yunxin.text.encodings import EncodingProbe


def probe(data: bytes, step: int) -> str:
    found = EncodingProbe()
    for at in range(0, len(data), step):
        found.feed(data[at : at + step])
    return found.encoding()


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_text_is_recognised(encoding: str, step: int) -> None:
    assert probe("手机号,姓名\n13800000001,张三\n".encode(encoding), step) == encoding


def test_what_is_neither_is_taken_for_what_holds_longer() -> None:
    good = "13800000001,张三\n" * 3
    assert probe(good.encode() + b"\xff\xff", 1000) == "utf-8"
    assert probe(good.encode("gb18030") + b"\xff\xff", 1000) == "gb18030"
