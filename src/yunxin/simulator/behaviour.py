"""What the simulated carrier does to a message: data, decided by a seed.

`Behaviour` holds the knobs, `MAGIC` the numbers whose last four digits choose a fate, `decide`
brings both to one message. The decision depends on the seed, the phone, the bytes of the message
and how often they came before; never on the order in which messages of others arrive. So a run
can be repeated, however its connections interleave.
"""

import re
import struct
import tomllib
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from yunxin.protocols.smpp.status import Code

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Rate = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Status = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
Stat = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9:]+$")]
Error = Annotated[str, Meta(max_length=10, pattern=r"^[A-Za-z0-9:]*$")]
IdForm = Literal["decimal", "hex", "HEX"]


class BehaviourInvalid(ValueError):
    """The behaviour cannot be read; the message names the field and what it should be."""

    @property
    def knob(self) -> str:
        """The knob that is wrong, where one can be named."""
        named = re.search(r"`\$\.(\w+)", str(self))
        return named[1] if named else ""


class Fate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of one message.

    Args:
        status: what the submit is answered with; 0 accepts it.
        silent: the message is taken, but its answer gets lost.
        cut: the connection is cut instead of an answer.
        attempts: only so many first attempts are refused, left silent or cut; 0 means all.
        stat: the final word of the receipt, with `error` beside it.
        news: a receipt with this word, which is not final, goes before.
        receipts: how many times the final receipt is sent; 0 is a lost one.
        early: the receipt goes out before the answer.
        delay_s: until the receipt, instead of the behaviour's own.
        reply: what the phone answers.
    """

    status: Status = 0
    silent: bool = False
    cut: bool = False
    attempts: Count = 0
    stat: Stat = "DELIVRD"
    error: Error = "000"
    news: Error = ""
    receipts: Annotated[int, Meta(ge=0, le=10)] = 1
    early: bool = False
    delay_s: Seconds | None = None
    reply: Annotated[str, Meta(max_length=500)] = ""


DELIVERED = Fate()


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fate for the phones that a regular expression finds; 11 digits, without 86."""

    pattern: str
    fate: Fate
    about: str = ""


class Magic(NamedTuple):
    """A fate chosen by the last four digits of a phone, and the sentence that explains it."""

    fate: Fate
    about: str


def _refused(code: Code, attempts: int = 0) -> Fate:
    return Fate(status=int(code), attempts=attempts)


LATE_S = 10.0

MAGIC: dict[str, Magic] = {
    "0001": Magic(_refused(Code.RINVDSTADR), "Refused for good: invalid destination (RINVDSTADR)."),
    "0002": Magic(Fate(stat="UNDELIV", error="001"), "Not delivered: UNDELIV, error 001."),
    "0003": Magic(Fate(stat="EXPIRED", error="027"), "Expired: EXPIRED, error 027."),
    "0004": Magic(Fate(receipts=0), "Delivered, but the receipt gets lost."),
    "0005": Magic(Fate(receipts=2), "The receipt comes twice."),
    "0006": Magic(Fate(early=True), "The receipt comes before the answer."),
    "0007": Magic(Fate(delay_s=LATE_S), "The receipt comes late: after 10 seconds."),
    "0008": Magic(_refused(Code.RSYSERR, 1), "Refused once for now (RSYSERR), then delivered."),
    "0009": Magic(_refused(Code.RTHROTTLED, 2), "Throttled twice (RTHROTTLED), then delivered."),
    "0010": Magic(Fate(stat="REJECTD", error="012"), "Rejected by the message centre: REJECTD."),
    "0011": Magic(
        Fate(silent=True, attempts=1), "Taken, but the first answer gets lost: it is in doubt."
    ),
    "0012": Magic(Fate(stat="MK:0001", error="001"), "Failed with a gateway's own code: MK:0001."),
    "0013": Magic(Fate(news="ACCEPTD"), "First ACCEPTD, which is not final, then DELIVRD."),
    "0014": Magic(Fate(reply="TD"), "Delivered, and the phone answers TD to unsubscribe."),
    "0015": Magic(_refused(Code.RMSGQFUL, 1), "The queue is full once (RMSGQFUL), then delivered."),
    "0016": Magic(Fate(stat="UNKNOWN", error="999"), "The carrier does not know: UNKNOWN."),
    "0017": Magic(_refused(Code.RSUBMITFAIL), "Refused for good: RSUBMITFAIL."),
    "0018": Magic(Fate(cut=True, attempts=1), "The connection is cut once instead of an answer."),
    "0019": Magic(Fate(status=0x0401), "Refused with a code of the vendor's own: 0x00000401."),
    "0020": Magic(
        Fate(reply="收到，谢谢。请问可以改到下周三下午吗？" * 5), "The phone sends a long reply."
    ),
}


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The knobs. Rates are shares of 1; times are seconds; 0 switches a knob off.

    Args:
        answer_delay_s: until a submit is answered, and up to `answer_jitter_s` more.
        receipt_delay_s: until the receipt, and up to `receipt_jitter_s` more.
        refusal_rate: submits that are refused with `refusal_status`.
        busy_rate: submits that are refused for now (RSYSERR); the next attempt is decided anew.
        silence_rate: messages that are taken without an answer.
        failure_rate: messages whose receipt says `failure_stat` and `failure_error`.
        lost_rate: receipts that are never sent. late_rate: those that take `late_s`.
        double_rate: receipts that are sent twice. early_rate: those before the answer.
        shuffle: receipts that are due together go out in any order.
        throttle_per_s: submits above are answered RTHROTTLED, an account at a time.
        queue_max: messages that may wait for their receipts; more are answered RMSGQFUL.
        disconnect_every_messages, disconnect_every_s: a connection is cut that often.
        answer_id, receipt_id: how the same id is written in the answer and in the receipt.
        receipt_fields: where a receipt's id and state stand: in optional parameters, text, or both.
        magic: whether the last four digits of a phone choose its fate.
        rules: fates by regular expression; the first that fits counts, before magic.
    """

    answer_delay_s: Seconds = 0.0
    answer_jitter_s: Seconds = 0.0
    receipt_delay_s: Seconds = 0.2
    receipt_jitter_s: Seconds = 0.3
    refusal_rate: Rate = 0.0
    refusal_status: Status = int(Code.RSUBMITFAIL)
    busy_rate: Rate = 0.0
    silence_rate: Rate = 0.0
    failure_rate: Rate = 0.0
    failure_stat: Stat = "UNDELIV"
    failure_error: Error = "001"
    lost_rate: Rate = 0.0
    late_rate: Rate = 0.0
    late_s: Seconds = LATE_S
    double_rate: Rate = 0.0
    early_rate: Rate = 0.0
    shuffle: bool = False
    throttle_per_s: Count = 0
    queue_max: Count = 0
    disconnect_every_messages: Count = 0
    disconnect_every_s: Seconds = 0.0
    answer_id: IdForm = "decimal"
    receipt_id: IdForm = "decimal"
    receipt_fields: Literal["both", "text", "parameters"] = "both"
    magic: bool = True
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        for rule in self.rules:
            _pattern(rule.pattern)


class Decision(NamedTuple):
    """A fate with its times."""

    fate: Fate
    answer_delay_s: float
    receipt_delay_s: float


_DRAWS = struct.Struct(">10H")
_FULL = 65_536


def decide(behaviour: Behaviour, seed: int, phone: str, digest: int, attempt: int) -> Decision:
    """The fate of one message.

    Args:
        phone: 11 digits.
        digest: a number that stands for the message's source and bytes.
        attempt: how often the same bytes came to the same phone before.
    """
    chosen = _chosen(behaviour, phone)
    draws = _draw(seed, phone, digest, attempt)
    answer = behaviour.answer_delay_s + behaviour.answer_jitter_s * draws[0] / _FULL
    receipt = behaviour.receipt_delay_s + behaviour.receipt_jitter_s * draws[1] / _FULL
    if chosen is None:
        fate, late = _drawn(behaviour, draws)
        receipt = behaviour.late_s if late else receipt
    else:
        fate = chosen if not chosen.attempts or attempt < chosen.attempts else _later(chosen)
        receipt = receipt if fate.delay_s is None else fate.delay_s
    return Decision(fate, answer, receipt)


def _chosen(behaviour: Behaviour, phone: str) -> Fate | None:
    for rule in behaviour.rules:
        if _pattern(rule.pattern).search(phone):
            return rule.fate
    if behaviour.magic:
        magic = MAGIC.get(phone[-4:])
        return magic.fate if magic else None
    return None


def _later(fate: Fate) -> Fate:
    """The fate once its first attempts are over."""
    return msgspec.structs.replace(fate, status=0, silent=False, cut=False)


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.ASCII)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error


def _draw(seed: int, phone: str, digest: int, attempt: int) -> tuple[int, ...]:
    text = f"{seed}|{phone}|{digest}|{attempt}".encode()
    return _DRAWS.unpack(blake2b(text, digest_size=_DRAWS.size).digest())


def _drawn(behaviour: Behaviour, draws: tuple[int, ...]) -> tuple[Fate, bool]:
    """The fate by rates, and whether its receipt is late."""
    b = behaviour
    if draws[2] < b.refusal_rate * _FULL:
        return Fate(status=b.refusal_status), False
    if draws[3] < b.busy_rate * _FULL:
        return Fate(status=int(Code.RSYSERR)), False
    failed = draws[4] < b.failure_rate * _FULL
    silent = draws[5] < b.silence_rate * _FULL
    receipts = 0 if draws[6] < b.lost_rate * _FULL else 1
    if receipts and draws[7] < b.double_rate * _FULL:
        receipts = 2
    early = draws[8] < b.early_rate * _FULL
    late = draws[9] < b.late_rate * _FULL
    if not (failed or silent or early or receipts != 1):
        return DELIVERED, late
    stat, error = (b.failure_stat, b.failure_error) if failed else ("DELIVRD", "000")
    return Fate(silent=silent, stat=stat, error=error, receipts=receipts, early=early), late


def from_mapping(
    values: dict[str, Any], base: Behaviour | None = None, *, strict: bool = True
) -> Behaviour:
    """A behaviour from JSON or TOML values, on top of another.

    Args:
        strict: numbers have to be numbers; otherwise their text will do, as from a form.
    Raises:
        BehaviourInvalid: a name or a value is wrong.
    """
    known = msgspec.to_builtins(base) if base else {}
    try:
        return msgspec.convert({**known, **values}, Behaviour, strict=strict)
    except (msgspec.ValidationError, ValueError) as error:
        raise BehaviourInvalid(str(error)) from error


def load(path: Path) -> Behaviour:
    """Read a behaviour from a .toml or .json file.

    Raises:
        BehaviourInvalid: the file cannot be read or says something wrong.
    """
    try:
        data = path.read_bytes()
        text = data.decode()
        values = tomllib.loads(text) if path.suffix == ".toml" else msgspec.json.decode(data)
    except (OSError, ValueError) as error:
        raise BehaviourInvalid(f"{path}: {error}") from error
    if not isinstance(values, dict):
        raise BehaviourInvalid(f"{path}: the file must hold an object with the knobs' names.")
    return from_mapping(values)
