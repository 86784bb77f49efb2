"""`POST /api/v1/messages` and `messages:preview`: one template to up to 1,000 recipients."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from yunxin.api.keyring import Key
from yunxin.api.parts import Parts
from yunxin.api.problems import Refused, language_of
from yunxin.api.requests import Answer, Request
from yunxin.dialects import v1
from yunxin.dialects.problems import CONCERN_ALL, REFUSALS
from yunxin.engine import checks
from yunxin.engine.checks import Accepted, AcceptRequest, Checker, Draft
from yunxin.engine.once import KeyReused, Once, Remembered
from yunxin.text.phones import PhoneInvalid, normalise
from yunxin.vocabulary import Refusal, Source

Body = TypeVar("Body")

SCOPE = "v1"
KEPT_S = 24 * 3600.0
_KEY = re.compile(r"[!-~]{1,255}")
_encode = msgspec.json.encode
_FIELD = re.compile(r"`\$\.?(.*?)`$")
# What a refusal of the whole request is about, where it is one field.
_FIELDS = {
    Refusal.TEMPLATE_NOT_APPROVED: "template",
    Refusal.SIGNATURE_NOT_APPROVED: "template",
    Refusal.EXTENSION_TOO_LONG: "extension",
    Refusal.EXTENSION_TAKEN: "extension",
}


class Plan:
    """A request's body, made into what the engine is asked for."""

    def __init__(self, body: v1.SendBody, enterprise_id: int, task_id: str) -> None:
        self.phones = [recipient.phone for recipient in body.recipients]
        self.requests: list[AcceptRequest] = []
        self.places: list[int | None] = []  # of each recipient among the requests; None: a double
        template_id, shared = int(body.template), tuple(body.parameters or ())
        seen: set[tuple[str, tuple[str, ...]]] = set()
        for recipient in body.recipients:
            own = recipient.parameters
            params = shared if own is None else tuple(own)
            phone = _normal(recipient.phone)
            if (phone, params) in seen:
                self.places.append(None)
                continue
            seen.add((phone, params))
            self.places.append(len(self.requests))
            reference = body.reference if recipient.reference is None else recipient.reference
            self.requests.append(
                AcceptRequest(
                    enterprise_id,
                    template_id,
                    phone,
                    params,
                    Source.API,
                    None,
                    body.extension,
                    task_id,
                    reference or None,
                )  # fmt: skip
            )

    def for_each(self, answers: Sequence[checks.Answer]) -> list[checks.Answer]:
        """The answers, recipient by recipient."""
        double = checks.Refused(Refusal.PHONE_DUPLICATE)
        return [double if place is None else answers[place] for place in self.places]


def _normal(phone: str) -> str:
    try:
        return normalise(phone)
    except PhoneInvalid:
        return phone


async def send(request: Request, key: Key, parts: Parts) -> tuple[Answer, bool]:
    """Accept what can be accepted; whether it was an answer of before."""
    body = read_body(request)
    once = _once(request, key)
    enterprise_id = key.enterprise_id
    plan = Plan(body, enterprise_id, f"C{parts.task_ids.next()}")
    await _keep_limit(enterprise_id, len(body.recipients), parts)
    try:
        told = await parts.acceptor.accept_once(plan.requests, once=once)
    except KeyReused:
        raise Refused("idempotency_key_reused", "", "Idempotency-Key") from None
    return _answer(plan, told, language_of(request)), told.replayed


async def preview(request: Request, key: Key, parts: Parts) -> tuple[Answer, bool]:
    """Find out what sending would do; it counts as recipients, as it asks as much of everybody."""
    body = read_body(request)
    plan = Plan(body, key.enterprise_id, "C0")
    await _keep_limit(key.enterprise_id, len(body.recipients), parts)
    async with parts.store.transaction() as tx:
        answers = await parts.acceptor.accept_in(tx, plan.requests, writes=False)
    _refuse_all(answers)
    checker = Checker(parts.directory.snapshot, parts.config, datetime.now(UTC))
    language = language_of(request)
    texts = [_text(checker, asked) for asked in plan.requests]
    told: list[v1.PreviewedMessage] = []
    accepted = segments = 0
    for phone, place, answer in zip(plan.phones, plan.places, plan.for_each(answers), strict=True):
        if isinstance(answer, Accepted) and place is not None:
            accepted += 1
            segments += answer.segments
            told.append(v1.PreviewedMessage(phone, texts[place], answer.segments))
        elif isinstance(answer, checks.Refused):
            told.append(v1.PreviewedMessage(phone, refusal=_refusal(answer, language)))
    shown = v1.Preview(accepted, len(told) - accepted, segments, told)
    return Answer(200, _encode(shown)), False


def _text(checker: Checker, asked: AcceptRequest) -> str:
    """The whole text; empty where it could not be sent."""
    draft = checker.check(0, asked)
    return draft.wording.text if isinstance(draft, Draft) else ""


async def _keep_limit(enterprise_id: int, recipients: int, parts: Parts) -> None:
    """Raises: Refused: the enterprise sends to more recipients than it may."""
    per_s = parts.keyring.ring.merchants[enterprise_id].recipients_per_s
    limited = await parts.limits.take_recipients(enterprise_id, recipients, per_s)
    if limited is not None:
        raise Refused(
            "too_many_recipients", limited.limit, rule=limited.rule, window="1 s",
            retry_after=limited.retry_after,
        )  # fmt: skip


def read_body(request: Request) -> v1.SendBody:
    """The body of a request to send.

    Raises:
        Refused: with the field that is wrong.
    """
    body = decode(request, v1.send_body)
    if body.extension and not body.extension.isdigit():  # `$` lets a line feed pass
        raise Refused("invalid_body", "It has digits only.", "extension")
    return body


def decode(request: Request, decoder: "msgspec.json.Decoder[Body]") -> Body:
    """A body, checked against its struct.

    Raises:
        Refused: with the field that is wrong.
    """
    if request.body is None:
        raise Refused("body_too_large")
    try:
        return decoder.decode(request.body)
    except msgspec.ValidationError as error:
        raise invalid("invalid_body", error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("invalid_json", str(error)[:200]) from None


def invalid(code: str, error: msgspec.ValidationError) -> Refused:
    """A problem that names the field which msgspec found wrong."""
    said = str(error)
    found = _FIELD.search(said)
    field = found.group(1) if found else ""
    unknown = re.search(r"unknown field `([^`]*)`", said)
    missing = re.search(r"missing required field `([^`]*)`", said)
    for inner in (unknown, missing):
        if inner is not None:
            field = f"{field}.{inner.group(1)}" if field else inner.group(1)
    sentence = said.partition(" - at ")[0]
    return Refused(code, sentence[:200], field[:100])


def idempotency(request: Request) -> tuple[str, bytes] | None:
    """The request's key with the digest of what it asks for, if it has one."""
    given = request.headers.get(b"idempotency-key")
    if given is None:
        return None
    text = given.decode("latin-1")
    if not _KEY.fullmatch(text):
        raise Refused("idempotency_key_invalid", "", "Idempotency-Key")
    assert request.body is not None
    return text, hashlib.sha256(request.path.encode() + b"\n" + request.body).digest()


def _once(request: Request, key: Key) -> Once | None:
    found = idempotency(request)
    return None if found is None else Once(key.enterprise_id, SCOPE, *found, KEPT_S)


def _answer(plan: Plan, told: Remembered, language: str) -> Answer:
    _refuse_all(told.answers)
    accepted = segments = 0
    messages: list[v1.SentMessage] = []
    for phone, answer in zip(plan.phones, plan.for_each(told.answers), strict=True):
        if isinstance(answer, Accepted):
            accepted += 1
            segments += answer.segments
            messages.append(v1.SentMessage(phone, str(answer.message_id), answer.segments))
        else:
            messages.append(v1.SentMessage(phone, refusal=_refusal(answer, language)))
    refused = len(messages) - accepted
    sent = v1.Sent(told.task_id or "", accepted, refused, segments, messages)
    headers = ((b"idempotency-replayed", b"true"),) if told.replayed else ()
    return Answer(200, _encode(sent), headers=headers)


def _refuse_all(answers: Sequence[checks.Answer]) -> None:
    """Raises: Refused: nothing was accepted, for a reason that concerns the whole request."""
    refused = [answer for answer in answers if isinstance(answer, checks.Refused)]
    if len(refused) < len(answers):
        return
    for answer in refused:
        if answer.reason in CONCERN_ALL:
            raise Refused(answer.reason.value, answer.detail, _FIELDS.get(answer.reason, ""))


def _refusal(answer: checks.Refused, language: str) -> v1.RefusalTold:
    english, chinese = REFUSALS[answer.reason]
    message = chinese if language == "zh" else english
    return v1.RefusalTold(answer.reason.value, answer.detail, message)
