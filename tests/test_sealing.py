"""Sealed secrets open with their own key only, and never half."""

import pytest

from yunxin.sealing import SealBroken, seal, unseal

KEY = "k" * 50


@pytest.mark.parametrize("text", ["secret", "密码 with spaces", "x" * 1000, ""])
def test_what_was_sealed_is_read_back(text: str) -> None:
    assert unseal(KEY, seal(KEY, text)) == text


def test_two_seals_of_one_text_differ() -> None:
    assert seal(KEY, "secret") != seal(KEY, "secret")


def test_the_text_does_not_show_in_its_seal() -> None:
    assert "secret" not in seal(KEY, "secret")


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(SealBroken):
        unseal("another" * 8, seal(KEY, "secret"))


@pytest.mark.parametrize("sealed", ["not a seal", "密封", "A" * 120, "gAAAAA=="])
def test_what_was_altered_is_refused(sealed: str) -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, sealed)


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="secret key"):
        seal("", "secret")
