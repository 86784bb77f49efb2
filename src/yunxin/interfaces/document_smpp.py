"""What the interface document says of SMPP: statuses, receipts' words, and the server's address.

The server itself is above this room, so its numbers stand here once more; a test compares them with
what it really answers (`tests/interfaces/test_document_smpp.py`).
"""

from typing import Any, NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

# What the example of the document logs in with.
SAMPLE = {"system_id": "YOUR_SYSTEM_ID", "smpp_password": "YOUR_PASSWORD"}


class Status(NamedTuple):
    """A command_status that an enterprise's system may get; `again`: the same may work later."""

    number: int
    name: str
    meaning: Text
    again: bool = False

    @property
    def shown(self) -> str:
        return f"0x{self.number:08X}"


class Word(NamedTuple):
    """How a receipt calls a result."""

    stat: str
    state: int  # message_state
    meaning: Text


BIND_STATUSES = (
    Status(0x0E, "RINVPASWD", _("The password is wrong.")),
    Status(0x0F, "RINVSYSID", _("There is no account with this system_id.")),
    Status(
        0x0D,
        "RBINDFAIL",
        _(
            "The account is disabled, the enterprise is suspended, or your address is not on the"
            " account's list. The account's page says which."
        ),
    ),
    Status(0x05, "RALYBND", _("As many sessions as allowed are bound already."), True),
)
SUBMIT_STATUSES = (
    Status(0x00, "ROK", _("Accepted and stored; message_id is its number.")),
    Status(0x01, "RINVMSGLEN", _("The text is empty, too long, or of too many parts.")),
    Status(0x03, "RINVCMDID", _("This command is not offered.")),
    Status(0x04, "RINVBNDSTS", _("The session is not bound, or not as a transmitter.")),
    Status(0x06, "RINVPRTFLG", _("priority_flag is above 3.")),
    Status(0x07, "RINVREGDLVFLG", _("registered_delivery asks for what does not exist.")),
    Status(0x08, "RSYSERR", _("It could not be stored at the moment."), True),
    Status(
        0x0A,
        "RINVSRCADR",
        _("source_addr is no number, or too long, or another enterprise's with its digits."),
    ),
    Status(0x0B, "RINVDSTADR", _("destination_addr is no mainland mobile.")),
    Status(0x0C, "RINVMSGID", _("Your account has no message with this number.")),
    Status(0x11, "RCANCELFAIL", _("It is final, or on its way already.")),
    Status(0x13, "RREPLACEFAIL", _("Messages are not replaced.")),
    Status(0x14, "RMSGQFUL", _("Too much waits at the moment."), True),
    Status(0x43, "RINVESMCLASS", _("esm_class asks for what is not offered.")),
    Status(0x45, "RSUBMITFAIL", _("The text cannot be read, or has signs that cannot be sent.")),
    Status(0x54, "RINVREPFLAG", _("Messages are not replaced; replace_if_present_flag must be 0.")),
    Status(0x58, "RTHROTTLED", _("Faster than the account allows, or beyond its window."), True),
    Status(0x61, "RINVSCHED", _("schedule_delivery_time is no time, or more than 7 days ahead.")),
    Status(0x62, "RINVEXPIRY", _("validity_period is no time, or over already.")),
    Status(0x63, "RINVDFTMSGID", _("There are no ready-made messages.")),
    Status(0xC1, "ROPTPARNOTALLWD", _("There is a text in short_message and in message_payload.")),
    Status(0xC3, "RMISSINGOPTPARAM", _("Of the three sar parameters one is missing.")),
    Status(0xC4, "RINVOPTPARAMVAL", _("The number of a part is 0, or above the total.")),
    Status(0x0401, "", _("The packages are used up."), True),
    Status(0x0402, "", _("The text has no signature, or one that is not approved.")),
    Status(0x0403, "", _("The text matches no approved template.")),
    Status(0x0404, "", _("The phone has unsubscribed, or is on your blacklist.")),
    Status(0x0405, "", _("The phone is on the platform's blacklist.")),
    Status(0x0406, "", _("Marketing rests at this hour."), True),
    Status(0x0407, "", _("This phone has got too many messages of late."), True),
    Status(0x0408, "", _("The text holds a forbidden word.")),
    Status(0x0409, "", _("The template is not for the carrier of this phone.")),
    Status(0x040A, "", _("The enterprise is suspended.")),
)
WORDS = (
    Word("DELIVRD", 2, _("The phone has it.")),
    Word("UNDELIV", 5, _("The carrier could not deliver it, or parts of it never came.")),
    Word("EXPIRED", 3, _("The time in which it could be delivered is over.")),
    Word("DELETED", 4, _("It was withdrawn before it was sent, and refunded.")),
    Word("REJECTD", 8, _("A long text was refused after this part had been answered.")),
    Word("UNKNOWN", 7, _("Nobody knows what became of it: the carrier sent no report.")),
)


def address() -> tuple[str, str]:
    """Host and port of the SMPP server as enterprises reach it; empty where nobody said so."""
    told = settings.CONFIG.smpp_address
    host, _colon, port = told.rpartition(":")
    return (host, port) if host and port.isdigit() else (told, "")


def facts() -> dict[str, Any]:
    """What the chapter asks for."""
    host, port = address()
    return SAMPLE | {
        "smpp_host": host or "SMPP_HOST",
        "smpp_port": port or "2775",
        "is_smpp_known": bool(host),
        "bind_statuses": BIND_STATUSES,
        "submit_statuses": SUBMIT_STATUSES,
        "smpp_words": WORDS,
        "deliver_days": f"{settings.CONFIG.smpp_deliver_days:g}",
    }
