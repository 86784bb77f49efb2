"""Extension codes (扩展码): the digits behind an access number that lead a reply to its owner.

They make a tree, level by level, and a phone shows all of it as one number:

    access number · enterprise's code · its signature's code · free digits of a task or a request
    10690000        01                  02                     7

Replies find their owner by the longest code that matches (`engine/inbound`), so no two owners'
codes may begin alike: a code that is the beginning of another's would take in its replies. Here
codes are checked and proposed; enterprises get theirs in `enterprises`, signatures in
`content.signatures`. Whoever writes one holds `lock` until its transaction ends.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from yunxin.accounts.errors import AccountError
from yunxin.accounts.models import Enterprise
from yunxin.vocabulary import SENDER_DIGITS_MAX

FIELD = "extension_code"
ENTERPRISE_DIGITS = 3  # proposed where no enterprise has a code yet
SIGNATURE_DIGITS = 2
CODE_DIGITS_MAX = 8  # the columns' width
_LOCK = 791005


class ExtensionRefused(AccountError):
    """An extension code that cannot be given: taken, the beginning of another's, or too long."""

    def __init__(self, message: str) -> None:
        super().__init__(message, FIELD)


@dataclass(frozen=True, slots=True)
class Given:
    """A code that somebody has: an enterprise's own, or a signature's behind it."""

    enterprise_id: int
    signature_id: int  # 0: the enterprise's own
    owner: str  # who has it, for people
    whole: str  # with the enterprise's digits before the signature's
    code: str


def lock() -> None:
    """One at a time gives codes, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def read_given() -> list[Given]:
    """All codes that are given, also those of cancelled signatures: replies to them still come.

    The signatures' table lies above this room, so it is read by SQL.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, 0, name, extension_code, extension_code FROM accounts_enterprise"
            " WHERE extension_code <> ''"
            " UNION ALL"
            " SELECT e.id, s.id, e.name || ' 【' || s.name || '】',"
            "     e.extension_code || s.extension_code, s.extension_code"
            " FROM content_signature s JOIN accounts_enterprise e ON e.id = s.enterprise_id"
            " WHERE s.extension_code <> '' ORDER BY 4"
        )
        return [Given(*row) for row in cursor.fetchall()]


def longest_access_number() -> int:
    """How many digits the longest access number of all channels has; by SQL, as it is above."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(length(access_number)), 0) FROM carriers_channel")
        (digits,) = cursor.fetchone()
    return int(digits)


def check_enterprise(enterprise_id: int | None, code: str) -> None:
    """Whether an enterprise (None: a new one) may have this code; with it all its signatures'.

    Raises:
        ExtensionRefused: it, or a signature's code behind it, begins as another enterprise's code
            or the other way round; or the number would have more than 20 digits.
    """
    given = read_given()
    own = [g for g in given if g.enterprise_id == enterprise_id and g.signature_id]
    _check_length(code, max((len(g.code) for g in own), default=0))
    others = [g for g in given if g.enterprise_id != enterprise_id]
    for whole in [code] if code else [g.code for g in own]:
        _check_apart(whole, others)


def check_signature(enterprise: Enterprise, signature_id: int, code: str) -> None:
    """Whether a signature may have this code behind its enterprise's.

    Raises:
        ExtensionRefused: it begins as the code of another signature of the enterprise (or, where
            the enterprise has no code, as another enterprise's), or the other way round; or the
            number would have more than 20 digits.
    """
    _check_length(enterprise.extension_code + code)
    if not code:
        return
    given = read_given()
    siblings = [
        g
        for g in given
        if g.enterprise_id == enterprise.pk and g.signature_id not in (0, signature_id)
    ]
    strangers = [g for g in given if g.enterprise_id != enterprise.pk]
    whole = enterprise.extension_code + code
    _check_apart(whole, [*siblings, *strangers])


def _check_length(code: str, behind: int = 0) -> None:
    digits = longest_access_number() + len(code) + behind
    if digits > SENDER_DIGITS_MAX:
        sentence = _(
            "With the longest access number, numbers would have %(digits)s digits; at most"
            " %(most)s are possible."
        )
        raise ExtensionRefused(sentence % {"digits": digits, "most": SENDER_DIGITS_MAX})


def _check_apart(whole: str, others: Iterable[Given]) -> None:
    for other in others:
        if not begins_alike(whole, other.whole):
            continue
        if whole == other.whole:
            sentence = _("%(owner)s has the code %(code)s already.")
        else:
            sentence = _(
                "%(owner)s has the code %(code)s: one would be the beginning of the other, and"
                " replies could not be told apart."
            )
        raise ExtensionRefused(sentence % {"owner": other.owner, "code": other.whole})


def begins_alike(one: str, other: str) -> bool:
    """Whether one of two codes is the beginning of the other, or both are the same."""
    return bool(one and other) and (one.startswith(other) or other.startswith(one))


def leads_elsewhere(enterprise: Enterprise, signature_id: int, free: str) -> bool:
    """Whether the free digits of a task would make the number of another enterprise.

    Those of an enterprise with a code of its own stand behind it; without one they stand where
    the others' codes do.
    """
    if enterprise.extension_code or not free:
        return False
    given = read_given()
    own = next((g.code for g in given if signature_id and g.signature_id == signature_id), "")
    return any((own + free).startswith(g.whole) for g in given if g.enterprise_id != enterprise.pk)


def propose_for_enterprise() -> str:
    """The next free code for another enterprise; empty where none is left."""
    given = read_given()
    own = [g.code for g in given if not g.signature_id]
    return _next_free("", _usual_width(own, ENTERPRISE_DIGITS), [g.whole for g in given])


def propose_for_signature(enterprise: Enterprise, signature_id: int) -> str:
    """The next free code for a signature of the enterprise; empty where none is left."""
    given = read_given()
    siblings = [g for g in given if g.enterprise_id == enterprise.pk and g.signature_id]
    width = _usual_width([g.code for g in siblings], SIGNATURE_DIGITS)
    taken = [
        g.whole
        for g in given
        if g.enterprise_id != enterprise.pk or g.signature_id not in (0, signature_id)
    ]
    return _next_free(enterprise.extension_code, width, taken)


def _usual_width(codes: Sequence[str], otherwise: int) -> int:
    widths = sorted(map(len, codes))
    return widths[len(widths) // 2] if widths else otherwise


def _next_free(before: str, width: int, taken: Collection[str]) -> str:
    """The smallest code from 1 on of so many digits, or of more where all are taken."""
    behind = {code[len(before) :] for code in taken if code.startswith(before)} - {""}
    room = SENDER_DIGITS_MAX - longest_access_number() - len(before)
    for digits in range(width, min(CODE_DIGITS_MAX, room) + 1):
        # Codes of which it would be the beginning stop it as well as those that begin it.
        blocked = {code[:digits] for code in behind}
        number = 1
        while number < 10**digits:
            code = f"{number:0{digits}}"
            cut = next((n for n in range(1, digits + 1) if code[:n] in blocked), 0)
            if not cut:
                return code
            step = 10 ** (digits - cut)
            number = (number // step + 1) * step  # past all that begin so
    return ""
