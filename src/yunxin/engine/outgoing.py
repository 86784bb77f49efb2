"""A claimed message on its way through this engine: from the claim to the stored outcome.

`dispatch` makes it from the claimed rows, `link` cuts it into parts and notes the carrier's word
on each, `results` stores what became of it. It lives in memory only: after a crash the claim in
the database is what remains of it.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from yunxin.protocols.events import Alphabet
from yunxin.vocabulary import MessageEventKind

if TYPE_CHECKING:
    from yunxin.engine.link import Link

# What one count is kept by: enterprise, day, kind, source, campaign (0: none), template,
# signature, carrier, package; as in the table tally_delta.
Group = tuple[int, date, str, str, int, int, int, str, int]


class Outgoing:
    """One message in this engine's hands; made by the thousand, so plain slots.

    `ids` holds the carrier's id of each part, empty while there is none; `own_ids` those of parts
    that nobody answered and whose ids we know all the same, by the parts' places.
    """

    __slots__ = (
        "alphabet", "attempt", "carrier", "channel_id", "doubted", "enterprise_id",
        "extension", "group", "ids", "left", "link", "message_id", "own_ids", "parts", "phone",
        "priority", "province",
        "refused_by", "repeats", "segments", "status", "text", "traffic", "unsendable",
        "was_in_doubt", "written_ms",
    )  # fmt: skip

    def __init__(
        self,
        enterprise_id: int,
        message_id: int,
        *,
        priority: int,
        carrier: str,
        province: str = "",
        traffic: str,
        phone: str,
        text: str,
        segments: int,
        extension: str,
        attempt: int,
        refused_by: Sequence[int],
        group: Group,
    ) -> None:
        self.enterprise_id = enterprise_id
        self.message_id = message_id
        self.priority = priority
        self.carrier = carrier
        self.province = province  # as its queue row has it: empty where no channel asks for it
        self.traffic = traffic
        self.phone = phone
        self.text = text
        self.segments = segments
        self.extension = extension
        self.attempt = attempt  # how often it was refused or in doubt before
        self.refused_by = refused_by  # channels that tried it in vain, oldest try first
        self.group = group
        self.link: Link | None = None
        self.channel_id: int | None = None
        self.alphabet = Alphabet.UCS2
        self.parts: Sequence[bytes] = ()
        self.ids: list[str] = []
        self.own_ids: dict[int, str] | None = None
        self.written_ms = 0  # when the first part was written to a socket, since 1970
        self.left = 0  # parts of which nothing final is known yet
        self.status = 0  # the worst refusal of a part so far
        self.doubted: MessageEventKind | None = None  # why nobody knows whether it was taken
        self.was_in_doubt = False  # an earlier try may be on the phone
        self.unsendable = False  # its values do not fit the protocol's fields
        self.repeats = 0  # how often parts of it were sent anew by the link itself

    @property
    def begun(self) -> bool:
        """Whether any part was written to a socket."""
        return self.written_ms > 0

    @property
    def taken(self) -> bool:
        """Whether the carrier has any part of it."""
        return any(self.ids)
