"""What the simulated carrier really got: counters for everything, texts for the latest.

A million messages must fit: of each phone only a number is kept (what came once) or a small record
(what came more often); whole messages are kept for the latest few thousand, for the inbox.
"""

from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

import msgspec

PHONES_MAX = 3_000_000  # about 400 MB; phones beyond are counted together
RECENT_MAX = 5_000
REFUSALS_MAX = 200_000  # refused messages whose attempts are remembered


class Message(msgspec.Struct, kw_only=True):
    """One message as the inbox shows it; `stat` is empty until its fate has come."""

    number: int = 0  # given when it is kept
    at: float  # seconds since 1970
    phone: str
    access_number: str
    text: str
    from_phone: bool = False
    parts: int = 1
    account: str = ""
    protocol: str = "smpp"  # through whose door it came or will go
    wire_phone: str = ""  # the phone as it stood on the wire: with or without 86
    message_id: str = ""
    stat: str = ""
    error: str = ""
    duplicate: bool = False


class PhoneRecord(msgspec.Struct, gc=False):
    """A phone that got more than one thing: whole messages, and how often each came."""

    messages: int
    seen: dict[int, int]


class Ledger:
    """All counters and the latest messages."""

    def __init__(self, recent_max: int = RECENT_MAX, phones_max: int = PHONES_MAX) -> None:
        self._recent_max = recent_max
        self._phones_max = phones_max
        self.counters: Counter[str] = Counter()  # shared with others, so never replaced
        self.reset()

    def reset(self) -> None:
        """Forget everything that was counted and kept."""
        self.counters.clear()
        self.refused: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self._phones: dict[str | int, int | PhoneRecord] = {}
        self._refusals: dict[tuple[str, int], int] = {}
        self._recent: deque[Message] = deque()
        self._threads: dict[str, deque[Message]] = {}
        self._by_id: dict[str, Message] = {}
        self._number = 0

    # Phones -------------------------------------------------------------------------------------

    def attempts(self, phone: str, digest: int) -> int:
        """How often the same bytes came to a phone before, refused or not."""
        record = self._phones.get(_key(phone))
        if record is None:
            taken = 0
        elif isinstance(record, int):
            taken = 1 if record == digest else 0
        else:
            taken = record.seen.get(digest, 0)
        return taken + self._refusals.get((phone, digest), 0)

    def refuse(self, phone: str, digest: int, name: str) -> None:
        """Note a submit that was not taken."""
        self.refused[name] += 1
        key = (phone, digest)
        self._refusals[key] = self._refusals.pop(key, 0) + 1
        if len(self._refusals) > REFUSALS_MAX:
            del self._refusals[next(iter(self._refusals))]

    def take_part(self, phone: str, digest: int) -> None:
        """Note one part of a long message."""
        self._note(phone, digest, messages=0)

    def take_message(self, phone: str, digest: int) -> bool:
        """Note a whole message; gives whether the same one came before."""
        self.counters["accepted"] += 1
        duplicate = self._note(phone, digest, messages=1)
        if duplicate:
            self.counters["duplicates"] += 1
        return duplicate

    def _note(self, phone: str, digest: int, messages: int) -> bool:
        key = _key(phone)
        record = self._phones.get(key)
        if record is None:
            if len(self._phones) >= self._phones_max:
                self.counters["phones_not_kept"] += 1
            elif messages:
                self._phones[key] = digest
            else:
                self._phones[key] = PhoneRecord(0, {digest: 1})
            return False
        if isinstance(record, int):
            record = self._phones[key] = PhoneRecord(1, {record: 1})
        before = record.seen.get(digest, 0)
        record.seen[digest] = before + 1
        record.messages += messages
        return before > 0

    @property
    def phones(self) -> int:
        """How many phones got anything."""
        return len(self._phones)

    def phone_counts(self) -> Iterator[tuple[str, int]]:
        """Each phone with the number of whole messages that it got."""
        for key, record in self._phones.items():
            messages = 1 if isinstance(record, int) else record.messages
            if messages:
                yield str(key), messages

    def phone_count(self, phone: str) -> int:
        """How many whole messages a phone got."""
        record = self._phones.get(_key(phone))
        if record is None or isinstance(record, int):
            return 0 if record is None else 1
        return record.messages

    # Texts --------------------------------------------------------------------------------------

    def keep(self, message: Message) -> None:
        """Keep a message for the inbox; the oldest gives way."""
        self._number += 1
        message.number = self._number
        self._recent.append(message)
        self._threads.setdefault(message.phone, deque()).append(message)
        if message.message_id:
            self._by_id[message.message_id] = message
        if len(self._recent) > self._recent_max:
            self._drop(self._recent.popleft())

    def _drop(self, message: Message) -> None:
        thread = self._threads[message.phone]
        thread.popleft()
        if not thread:
            del self._threads[message.phone]
        self._by_id.pop(message.message_id, None)

    @property
    def version(self) -> int:
        """Rises with every message; pages ask for what is newer."""
        return self._number

    def find(self, message_id: str) -> Message | None:
        """A kept message by the id that it was answered with."""
        return self._by_id.get(message_id)

    def thread(self, phone: str) -> list[Message]:
        """The kept messages of one phone, oldest first."""
        return list(self._threads.get(phone, ()))

    def latest(self, query: str = "", limit: int = 50) -> list[Message]:
        """The newest message of each phone whose number contains the query, newest first."""
        seen: set[str] = set()
        found = []
        for message in reversed(self._recent):
            if message.phone not in seen and query in message.phone:
                seen.add(message.phone)
                found.append(message)
                if len(found) == limit:
                    break
        return found

    def as_dict(self) -> dict[str, Any]:
        """All counters; `carrier` adds what is under way."""
        names = (
            *("submits", "accepted", "parts", "duplicates", "silent", "repeated", "cut"),
            "phones_not_kept",
            *("receipts_lost", "receipts_not_wanted", "receipts_sent", "receipts_acknowledged"),
            *("deliveries_refused", "deliveries_dropped", "redelivered"),
            *("inbound_sent", "inbound_acknowledged", "binds", "binds_refused", "mistakes"),
            *("calls", "calls_failed"),
        )
        return {
            **{name: self.counters[name] for name in names},
            "refused": self.refused.total(),
            "refused_by_status": dict(self.refused),
            "outcomes": dict(self.outcomes),
            "phones": self.phones,
        }


def _key(phone: str) -> str | int:
    """A number takes less room than its digits."""
    return int(phone) if phone.isascii() and phone.isdigit() and phone[0] != "0" else phone
