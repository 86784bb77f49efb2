"""Signed requests: the text that is signed, and its signature."""

from yunxin.dialects import keys, signing

KEY = "yx_live_abcdefghij01_" + "A" * 40


def test_the_text_has_six_lines_and_a_sorted_query():
    text = signing.string_to_sign("post", "/api/v1/messages", "b=2&a=1", "1700000000", "n", b"{}")
    assert text.split("\n") == [
        "POST", "/api/v1/messages", "a=1&b=2", "1700000000", "n",
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    ]  # fmt: skip


def test_every_line_matters():
    given = ("GET", "/p", "q=1", "1", "n", b"")
    others = ("PUT", "/o", "q=2", "2", "m", b"x")
    signed = signing.sign(keys.signing_key(KEY), *given)
    assert len(signed) == 64
    for at, other in enumerate(others):
        changed = (*given[:at], other, *given[at + 1 :])
        assert signing.sign(keys.signing_key(KEY), *changed) != signed
