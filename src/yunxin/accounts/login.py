"""Signing in: the password check, the waiting time after wrong ones, and the history.

Wrong passwords are counted per account name and per address, from the rows of `LoginEvent`. Names
that do not exist are counted like those that do, so nobody learns which is which.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.db.models import Count, Max
from django.http import HttpRequest

from yunxin.accounts.models import LoginEvent, User
from yunxin.accounts.passwords import forgive_failures
from yunxin.web.addresses import client_address

FREE_TRIES = 5  # wrong passwords of one account before the first wait
FREE_TRIES_OF_ADDRESS = 20  # an office shares its address
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=30)
MEMORY = timedelta(hours=12)  # older failures are forgotten


@dataclass(frozen=True)
class Attempt:
    """What came of an attempt: a user, a wrong password, or a wait until `retry_at`."""

    user: User | None = None
    retry_at: datetime | None = None


def wait_after(failures: int, free: int = FREE_TRIES) -> timedelta:
    """How long to wait after so many failures in a row: 30 s, 1 min, 2 min … half an hour."""
    if failures < free:
        return timedelta()
    doublings = min(failures - free, 12)
    return min(FIRST_WAIT * 2**doublings, LONGEST_WAIT)


def attempt(request: HttpRequest, username: str, password: str, *, now: datetime) -> Attempt:
    """Check a password once, unless this account or address has to wait; write the history.

    Attempts at the same account stand in line, so that a hundred at once do not slip through.
    What is refused for waiting is neither checked nor counted.
    """
    username = username.strip().lower()[:64]
    address = client_address(request)
    with transaction.atomic():
        _stand_in_line(username)
        retry_at = _retry_at(username, address, now)
        if retry_at and retry_at > now:
            return Attempt(retry_at=retry_at)
        user = authenticate(request, username=username, password=password)
        _write_down(request, username, address, user)
        if user is None:
            after = _retry_at(username, address, now)
            return Attempt(retry_at=after if after and after > now else None)
        forgive_failures(username)
    return Attempt(user=user)


def _stand_in_line(username: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('login'), hashtext(%s))", [username])


def _retry_at(username: str, address: str | None, now: datetime) -> datetime | None:
    """When the next attempt is allowed, for the account's or the address's sake."""
    waits = [_end_of_wait(FREE_TRIES, now, username=username)]
    if address is not None:
        waits.append(_end_of_wait(FREE_TRIES_OF_ADDRESS, now, address=address))
    return max((wait for wait in waits if wait), default=None)


def _end_of_wait(free: int, now: datetime, **whose: str) -> datetime | None:
    failures = LoginEvent.objects.filter(counts=True, at__gt=now - MEMORY, **whose)
    found = failures.aggregate(count=Count("id"), last=Max("at"))
    wait = wait_after(found["count"], free)
    return found["last"] + wait if wait else None


def _write_down(
    request: HttpRequest, username: str, address: str | None, user: object | None
) -> None:
    known = user or User.objects.filter(username=username).first()
    LoginEvent.objects.create(
        user=known,  # type: ignore[misc]
        username=username,
        address=address,
        agent=request.headers.get("User-Agent", "")[:200],
        succeeded=user is not None,
        counts=user is None,
    )
