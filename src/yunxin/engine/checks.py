"""What can be said of a message before the database is asked: who may send what, to whom, when.

Pure: a snapshot, a request and a moment go in; a `Draft` or a refusal comes out. `accept` goes on
with the blocklist, the frequency and the money.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from yunxin.config import Config
from yunxin.engine.directory import Enterprise, Snapshot, Template, marketing_rests
from yunxin.text.phones import PhoneInvalid, carrier_of, normalise
from yunxin.text.placeholders import PLACEHOLDER, ParameterCountWrong, compose, fill
from yunxin.text.segments import TextTooLong, count, length
from yunxin.vocabulary import (
    PRIORITY_OF,
    SENDER_DIGITS_MAX,
    CarrierName,
    Refusal,
    SignaturePosition,
    Source,
    TemplateKind,
    TrafficClass,
)

NOBODY: Mapping[str, CarrierName] = {}


class FreeText(NamedTuple):
    """What stands for a template where texts are approved in advance; the text is the parameter."""

    signature_id: int
    traffic: TrafficClass
    position: SignaturePosition


class SmppOrigin(NamedTuple):
    """How a message came by the SMPP server; written with it, so that its receipts find their way.

    `told` are the ids that the system was told, one for each submit_sm in order; 0 stands for the
    message's own. `wanted` is the registered_delivery of each, and `back` the beginning of a
    deliver_sm to where they came from.
    """

    account_id: int
    told: tuple[int, ...]
    wanted: tuple[int, ...]
    back: bytes
    expires_at: datetime | None = None  # not to be sent later


class AcceptRequest(NamedTuple):
    """One message that somebody asks to be sent.

    Either by a template of the enterprise, or (`free`, template 0) by a text of its own.
    """

    enterprise_id: int
    template_id: int
    phone: str
    params: tuple[str, ...] = ()
    source: Source = Source.API
    campaign_id: int | None = None
    extension: str = ""
    task_id: str | None = None
    reference: str | None = None
    free: FreeText | None = None
    not_before: datetime | None = None  # it is to wait until then
    smpp: SmppOrigin | None = None


class Refused(NamedTuple):
    """Why a message was not accepted.

    `detail` is what the sentence of the reason needs: "2/1" parameters wanted and given, the
    forbidden word, the length, the cap ("1/minute"), the segments that nobody could pay, the digits
    of the sender's number.
    """

    reason: Refusal
    detail: str = ""


class Accepted(NamedTuple):
    """The message is written, paid and queued."""

    message_id: int
    segments: int


Answer = Accepted | Refused


class Wording(NamedTuple):
    """The whole text as the phone will show it, and its price."""

    text: str
    segments: int


class Draft(NamedTuple):
    """A message that passed every check made here."""

    at: int  # its place among the requests
    request: AcceptRequest
    enterprise: Enterprise
    template: Template
    phone: str
    carrier: CarrierName
    province: str  # empty: no channel asks for it, or nobody knows
    wording: Wording


class Checker:
    """Checks one batch; what was found out about a template or a text is not found out twice."""

    def __init__(
        self,
        snapshot: Snapshot,
        config: Config,
        now: datetime,
        ported: Mapping[str, CarrierName] = NOBODY,
    ) -> None:
        """Args: ported: phones of the batch that changed their carrier, and to whom they went."""
        self._snapshot = snapshot
        self._config = config
        self._ported = ported
        self._marketing_rests = marketing_rests(config, now)
        self._senders: dict[
            tuple[int, int, FreeText | None], tuple[Enterprise, Template] | Refused
        ] = {}
        self._wordings: dict[tuple[object, tuple[str, ...]], Wording | Refused] = {}

    def check(self, at: int, request: AcceptRequest) -> Draft | Refused:
        """All checks in the order in which a person would want to hear of them."""
        sender = self._sender(request.enterprise_id, request.template_id, request.free)
        if isinstance(sender, Refused):
            return sender
        enterprise, template = sender
        wrong_number = self._check_number(enterprise, template, request.extension)
        if wrong_number is not None:
            return wrong_number
        try:
            phone = normalise(request.phone)
        except PhoneInvalid:
            return Refused(Refusal.PHONE_INVALID)
        snapshot = self._snapshot
        place = snapshot.places.find(phone)
        carrier = self._ported.get(phone) or place.carrier or carrier_of(phone, snapshot.prefixes)
        if not template.serves(carrier):
            return Refused(Refusal.CARRIER_NOT_SERVED, carrier.value)
        wording = self._wording(template, request.params)
        if isinstance(wording, Refused):
            return wording
        if template.kind == TemplateKind.MARKETING and self._rests(request.not_before):
            return Refused(Refusal.QUIET_HOURS)
        province = snapshot.asked(place)
        return Draft(at, request, enterprise, template, phone, carrier, province, wording)

    def _check_number(
        self, enterprise: Enterprise, template: Template, extension: str
    ) -> Refused | None:
        """Whether the sender's number fits a carrier's field, whichever channel it goes by.

        And whether it is the enterprise's: who has no code has free digits among the others' codes.
        """
        own = len(enterprise.extension_code) + len(template.signature.extension_code)
        digits = self._snapshot.access_digits + own + len(extension)
        if digits > SENDER_DIGITS_MAX:
            return Refused(Refusal.EXTENSION_TOO_LONG, str(digits))
        if extension and not enterprise.extension_code:
            behind = template.signature.extension_code + extension
            if self._snapshot.leads_elsewhere(enterprise.id, behind):
                return Refused(Refusal.EXTENSION_TAKEN)
        return None

    def _rests(self, not_before: datetime | None) -> bool:
        """Whether marketing rests when the message is to go out."""
        if not_before is None:
            return self._marketing_rests
        return marketing_rests(self._config, not_before)

    def _sender(
        self, enterprise_id: int, template_id: int, free: FreeText | None
    ) -> tuple[Enterprise, Template] | Refused:
        key = (enterprise_id, template_id, free)
        found = self._senders.get(key)
        if found is None:
            found = self._senders[key] = (
                check_sender(self._snapshot, enterprise_id, template_id)
                if free is None
                else check_free_sender(self._snapshot, enterprise_id, free)
            )
        return found

    def _wording(self, template: Template, params: tuple[str, ...]) -> Wording | Refused:
        # Free texts have no number; these tell them apart.
        whose = template.id or (template.signature.id, template.kind, template.position)
        key = (whose, params)
        found = self._wordings.get(key)
        if found is None:
            found = self._wordings[key] = check_wording(self._snapshot, template, params)
        return found


def phones_of(requests: Iterable[AcceptRequest]) -> list[str]:
    """The phones of requests, each once, without those that are none."""
    found: dict[str, None] = {}
    for request in requests:
        try:
            found[normalise(request.phone)] = None
        except PhoneInvalid:
            continue
    return list(found)


def check_sender(
    snapshot: Snapshot, enterprise_id: int, template_id: int
) -> tuple[Enterprise, Template] | Refused:
    """Whether the enterprise may send, with this template of its own."""
    enterprise = snapshot.enterprises.get(enterprise_id)
    if enterprise is None or not enterprise.active:
        return Refused(Refusal.ENTERPRISE_SUSPENDED)
    template = snapshot.templates.get(template_id)
    if template is None or template.enterprise_id != enterprise_id:
        return Refused(Refusal.TEMPLATE_NOT_APPROVED)
    if not template.signature.approved:
        return Refused(Refusal.SIGNATURE_NOT_APPROVED)
    return enterprise, template


def check_free_sender(
    snapshot: Snapshot, enterprise_id: int, free: FreeText
) -> tuple[Enterprise, Template] | Refused:
    """Whether the enterprise may send, with this signature of its own."""
    enterprise = snapshot.enterprises.get(enterprise_id)
    if enterprise is None or not enterprise.active:
        return Refused(Refusal.ENTERPRISE_SUSPENDED)
    signature = snapshot.signatures.get(free.signature_id)
    if signature is None or signature.enterprise_id != enterprise_id or not signature.approved:
        return Refused(Refusal.SIGNATURE_NOT_APPROVED)
    is_marketing = free.traffic == TrafficClass.MARKETING
    stand_in = Template(
        id=0,
        enterprise_id=enterprise_id,
        signature=signature,
        kind=TemplateKind.MARKETING if is_marketing else TemplateKind.INDUSTRY,
        traffic=free.traffic,
        priority=int(PRIORITY_OF[free.traffic]),
        position=free.position,
        content=PLACEHOLDER,
        variables=1,
        carriers=None,
    )
    return enterprise, stand_in


def check_wording(
    snapshot: Snapshot, template: Template, params: Sequence[str]
) -> Wording | Refused:
    """The whole text with its price, or why it cannot be sent."""
    try:
        content = fill(template.content, params)
    except ParameterCountWrong as error:
        missing = error.given < error.wanted
        reason = Refusal.PARAMS_MISSING if missing else Refusal.PARAMS_EXTRA
        return Refused(reason, f"{error.wanted}/{error.given}")
    if not _is_storable(content):
        return Refused(Refusal.LINE_MALFORMED)
    word = snapshot.words.find(content)
    if word is not None:
        return Refused(Refusal.FORBIDDEN_WORD, word)
    text = compose(
        content,
        signature=template.signature.name,
        position=template.position,
        kind=template.kind,
    )
    try:
        return Wording(text, count(text))
    except TextTooLong:
        return Refused(Refusal.TEXT_TOO_LONG, str(length(text)))


def _is_storable(text: str) -> bool:
    """PostgreSQL takes neither U+0000 nor half a surrogate pair, and no phone shows them."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
