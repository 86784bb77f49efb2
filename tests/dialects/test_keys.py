"""Keys: recognisable, known again by what is kept, never the same."""

import hashlib

import pytest

from yunxin.dialects import keys


def test_a_key_carries_its_id_and_is_known_by_its_hash():
    minted = keys.mint()
    assert minted.key.startswith("yx_live_")
    assert keys.key_id_of(minted.key) == minted.key_id
    assert minted.secret_hash == hashlib.sha256(minted.key.encode()).digest()
    assert minted.signing_key == keys.signing_key(minted.key) != minted.key
    assert minted.key.endswith(minted.hint)


def test_no_two_keys_are_the_same():
    assert len({keys.mint().key for _ in range(100)}) == 100
    assert len({keys.mint_access_key() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "text",
    ["", "yx_live_", "yx_live_short_secret", "sk_live_abcdefghijkl_x", "yx_live_abcdefghijkl_"],
)
def test_what_is_no_key_has_no_id(text):
    assert keys.key_id_of(text) is None
