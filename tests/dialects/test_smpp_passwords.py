"""Passwords of SMPP accounts: minted to fit the field, known again by a keyed digest."""

import pytest

from yunxin.dialects import smpp_passwords

SECRET = "for tests " * 5


def test_a_new_password_fits_its_field_and_is_never_the_same():
    minted = {smpp_passwords.mint() for _ in range(100)}
    assert len(minted) == 100
    assert {len(one) for one in minted} == {8}
    assert all(one.isascii() and one.isalnum() for one in minted)


def test_a_password_is_known_again():
    kept = smpp_passwords.digest(SECRET, "acme", "pa55word")
    assert len(kept) == 32
    assert smpp_passwords.matches(SECRET, "acme", "pa55word", kept)
    assert not smpp_passwords.matches(SECRET, "acme", "pa55worD", kept)
    assert not smpp_passwords.matches(SECRET, "acme", "", kept)


def test_the_digest_opens_no_other_account_and_no_other_platform():
    kept = smpp_passwords.digest(SECRET, "acme", "pa55word")
    assert not smpp_passwords.matches(SECRET, "globex", "pa55word", kept)
    assert not smpp_passwords.matches(SECRET + "x", "acme", "pa55word", kept)
    # Where the name ends and the password begins is part of it.
    assert not smpp_passwords.matches(SECRET, "acmep", "a55word", kept)


def test_without_a_secret_key_nothing_is_kept():
    with pytest.raises(ValueError, match="secret key"):
        smpp_passwords.digest("", "acme", "pa55word")


def test_any_bytes_of_the_wire_are_only_wrong():
    kept = smpp_passwords.digest(SECRET, "acme", "pa55word")
    assert not smpp_passwords.matches(SECRET, "acme", bytes(range(256)).decode("latin-1"), kept)


@pytest.mark.parametrize("name", ["abc", "Acme_1-2.3", "a" * 15])
def test_a_name_may_be_so(name):
    assert smpp_passwords.is_system_id(name)


@pytest.mark.parametrize("name", ["", "ab", "a" * 16, "a b c", "abc\n", "名字名字", "abc\0"])
def test_a_name_may_not_be_so(name):
    assert not smpp_passwords.is_system_id(name)
