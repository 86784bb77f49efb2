"""`POST /umcinterface/sendtempletmsg`: the dialect of the commercial product.

Checks in this order: the JSON and its fields, the merchant, the address, the signature, the
merchant's state, the limits; then `accept_once`, so that a request that comes again within a short
window gets its first answer again. Always HTTP 200. Where some numbers were accepted the answer is
success, and the refused ones are reported as failed receipts are. The wire is in
`dialects.ronghe`.
"""

import codecs
import hmac
from datetime import UTC, datetime

import msgspec
import structlog

from yunxin.api.keyring import Key, Merchant
from yunxin.api.parts import Parts
from yunxin.api.requests import Answer, Request
from yunxin.dialects import ronghe
from yunxin.dialects.ronghe import FieldMissing, Fields, ResultCode
from yunxin.engine.checks import Accepted, AcceptRequest, Refused
from yunxin.engine.once import KeyReused, Once
from yunxin.engine.store import StoreUnavailable
from yunxin.text.phones import PhoneInvalid, normalise
from yunxin.vocabulary import Refusal, Source

log = structlog.get_logger()

SCOPE = "ronghe"
TEMPLATE_DIGITS_MAX = 18  # fits a bigint


class _Refuse(Exception):
    """The request is answered with this code."""

    def __init__(self, reason: Refusal | str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


class _Sender:
    """Who asked, as far as is known; what is counted is counted for them."""

    def __init__(self) -> None:
        self.enterprise_id = 0
        self.credential_id = 0
        self.outcome = ""
        self.is_slowed = False


async def send(request: Request, parts: Parts | None) -> Answer:
    """Answer one request."""
    sender = _Sender()
    try:
        if request.body is None:
            raise _Refuse("body_too_large")
        if parts is None:
            raise _Refuse("unavailable")
        answer = await _send(request.body, request.address, parts, sender)
    except FieldMissing as missing:
        sender.outcome = f"ronghe_{missing.code}"
        answer = _answer(missing.code, ronghe.MESSAGES[missing.code])
    except _Refuse as refused:
        sender.outcome = str(refused.reason)
        answer = _refusal(refused.reason, refused.detail)
    except StoreUnavailable:
        sender.outcome = "unavailable"
        answer = _refusal("unavailable")
    except Exception:  # the top of a request: whatever went wrong has a code
        log.exception("ronghe.failed", request=request.id)
        sender.outcome = "internal"
        answer = _answer(ResultCode.EXCEPTION, ronghe.MESSAGES[ResultCode.EXCEPTION])
    if sender.enterprise_id and parts is not None:
        parts.usage.count(
            sender.enterprise_id, sender.credential_id, sender.outcome, request.address
        )
        if sender.is_slowed:
            await parts.limits.slow_down()
    return answer


async def _send(body: bytes, address: str, parts: Parts, sender: _Sender) -> Answer:
    fields = _read(body)
    merchant = _identify(fields, address, parts, sender)
    phones = _phones(fields.mobiles)
    if not (fields.excode == "" or (fields.excode.isascii() and fields.excode.isdigit())):
        raise _Refuse("bad_excode")
    if len(fields.excode) > ronghe.EXCODE_MAX:
        raise _Refuse("bad_excode")
    template_id = _template_id(fields.templetid)
    await _keep_limits(merchant, sender, len(phones), parts)
    task_id = f"C{parts.task_ids.next()}"
    params = ronghe.parameters(fields.msg)
    enterprise_id = merchant.enterprise_id
    requests = [
        AcceptRequest(
            enterprise_id, template_id, phone, params, Source.API, None, fields.excode, task_id
        )
        for phone in phones
    ]
    digest = ronghe.fingerprint(fields)
    once = Once(enterprise_id, SCOPE, digest.hex(), digest, parts.config.ronghe_replay_window_s)
    try:
        told = await parts.acceptor.accept_once(requests, once=once, tells_refusals=True)
    except KeyReused:  # the key is the digest itself
        raise _Refuse("unavailable") from None
    if any(isinstance(answer, Accepted) for answer in told.answers):
        sender.outcome = "replayed" if told.replayed else "ok"
        return _answer(ResultCode.OK, ronghe.MESSAGES[ResultCode.OK], told.task_id or "")
    first = next(answer for answer in told.answers if isinstance(answer, Refused))
    raise _Refuse(first.reason, first.detail)


def _read(body: bytes) -> Fields:
    try:
        content = msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8))  # some clients send it
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FieldMissing(ResultCode.BAD_JSON) from None
    return ronghe.read_fields(content)


def _identify(fields: Fields, address: str, parts: Parts, sender: _Sender) -> Merchant:
    """Who asks; nothing is said of a merchant's state to a stranger."""
    merchant = parts.keyring.ring.by_cpcode.get(fields.cpcode)
    if merchant is None:
        raise _Refuse("unknown_cpcode")
    sender.enterprise_id = merchant.enterprise_id
    if not merchant.networks.hold(address):
        raise _Refuse("address_not_allowed", address)
    now = datetime.now(UTC)
    keys = [key for key in merchant.access_keys if key.is_valid(now)]
    if not keys:
        raise _Refuse("no_key")
    sender.credential_id = _signer(fields, keys).credential_id
    if not merchant.active:
        raise _Refuse(Refusal.ENTERPRISE_SUSPENDED)
    if not merchant.ronghe_allowed:
        raise _Refuse("dialect_off")
    return merchant


def _signer(fields: Fields, keys: list[Key]) -> Key:
    """The AccessKey that signed; during a rotation there are two."""
    given = fields.sign.lower().encode("utf-8", "surrogatepass")
    for key in keys:
        if hmac.compare_digest(ronghe.sign(*fields[:5], key.secret).encode(), given):
            return key
    raise _Refuse("wrong_sign")


def _phones(mobiles: str) -> list[str]:
    """The numbers, each once; a comma at the end, or two in a row, is passed over."""
    numbers = [number for number in mobiles.split(",") if number.strip()]
    if not 0 < len(numbers) <= ronghe.MOBILES_MAX:
        raise _Refuse("mobiles_length")
    phones: dict[str, None] = {}
    for number in numbers:
        try:
            phones[normalise(number)] = None
        except PhoneInvalid:
            phones[number.strip()[:40].encode("utf-8", "replace").decode().replace("\x00", "")] = (
                None
            )
    return list(phones)


def _template_id(templetid: str) -> int:
    digits = templetid.strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > TEMPLATE_DIGITS_MAX:
        raise _Refuse(Refusal.TEMPLATE_NOT_APPROVED)
    return int(digits)


async def _keep_limits(merchant: Merchant, sender: _Sender, phones: int, parts: Parts) -> None:
    enterprise_id, limits = merchant.enterprise_id, parts.limits
    limited = await limits.take_request(
        enterprise_id, sender.credential_id, merchant.requests_per_s
    )
    if limited is not None:
        sender.is_slowed = True
        raise _Refuse("too_many_requests", limited.limit)
    limited = await limits.take_recipients(enterprise_id, phones, merchant.recipients_per_s)
    if limited is not None:
        sender.is_slowed = True
        raise _Refuse("too_many_recipients", limited.limit)


def _refusal(reason: Refusal | str, detail: str = "") -> Answer:
    return _answer(ronghe.CODE_OF[reason], ronghe.message_for(reason, detail))


def _answer(code: ResultCode, message: str, task_id: str = "") -> Answer:
    content = {"resultcode": int(code), "resultmsg": message, "taskid": task_id}
    return Answer(200, msgspec.json.encode(content), b"application/json;charset=UTF-8")
