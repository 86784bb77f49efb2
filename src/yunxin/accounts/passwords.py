"""Passwords: first ones that are told once, and those that people choose."""

import secrets

from yunxin.accounts.models import LoginEvent, User

# Without letters and digits that look alike on paper or over the phone.
LETTERS = "abcdefghjkmnpqrstuvwxyz"
CAPITALS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "23456789"
LENGTH = 12  # about 65 bits; it must be changed at the first sign-in anyway


def make_initial_password() -> str:
    """A random password with letters, capitals and digits, in three groups of four."""
    while True:
        text = "".join(secrets.choice(LETTERS + CAPITALS + DIGITS) for _ in range(LENGTH))
        if all(set(text) & set(kind) for kind in (LETTERS, CAPITALS, DIGITS)):
            return "-".join(text[n : n + 4] for n in range(0, LENGTH, 4))


def give_initial_password(user: User) -> str:
    """Set a new first password and return it: the only time that it can be read.

    It ends all sessions of the user, and the waiting time after wrong passwords.
    """
    password = make_initial_password()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    forgive_failures(user.username)
    return password


def change_password(user: User, password: str) -> None:
    """Set the password that the user chose; every other session of theirs ends with it."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    forgive_failures(user.username)


def forgive_failures(username: str) -> None:
    """Wrong passwords so far no longer count against this account."""
    LoginEvent.objects.filter(username=username, counts=True).update(counts=False)
