"""The tables of the interface document, made from what the code knows.

Codes come from `dialects`, so none can be forgotten; the sentences stand here, and a test fails for
a code without one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yunxin.dialects import keys, ronghe, signing
from yunxin.dialects.problems import CONTACT_REFUSALS, PROBLEMS, REFUSALS
from yunxin.dialects.ronghe import ResultCode
from yunxin.interfaces.document_endpoints import endpoints, problem_fields
from yunxin.interfaces.labels import SCOPES
from yunxin.vocabulary import CodeGroup, Refusal

Text = str | Promise

# The dialect's own test vector.
_VECTOR = ("AAAAAC", "模板短信测试,0001", "18607714703,18648807841", "", "2", "f75b9467e1112239")

# A key that nobody has, for the worked example of signed requests.
EXAMPLE_KEY = "yx_live_example00key_0123456789abcdefghijABCDEFGHIJ0123456789"
_TIMESTAMP, _NONCE = "1767225600", "3f2a9c0d5b7e4168"
_BODY = '{"template":"100001","recipients":[{"phone":"13800000000","parameters":["1234"]}]}'

MEANINGS: Mapping[ResultCode, Text] = {
    ResultCode.OK: _("The request was accepted."),
    ResultCode.BAD_JSON: _("The body is not a JSON object in UTF-8, or is too large."),
    ResultCode.BAD_MERCHANT: _("The enterprise has no AccessKey that is valid."),
    ResultCode.BAD_CPCODE: _("cpcode is missing, or there is no such merchant."),
    ResultCode.MERCHANT_STATE: _("The enterprise is suspended."),
    ResultCode.MERCHANT_ABILITY: _("The enterprise may not do this now; resultmsg says why."),
    ResultCode.PARAMETERS_MISSING: _("Fewer values than the template has variables."),
    ResultCode.NO_MSG: _("msg is missing; without variables it is an empty string."),
    ResultCode.MSG_LENGTH: _("A value or the whole text is too long, or there are too many."),
    ResultCode.SENSITIVE_WORD: _("The text holds a forbidden word."),
    ResultCode.NO_MOBILES: _("mobiles is missing or empty."),
    ResultCode.MOBILES_LENGTH: _("Too many numbers, or none that is a mainland mobile."),
    ResultCode.NO_EXCODE: _("excode is missing, or is not digits."),
    ResultCode.NO_TEMPLETID: _("templetid is missing, or no approved template of yours."),
    ResultCode.NO_SIGN: _("sign is missing or empty."),
    ResultCode.WRONG_SIGN: _("The signature is wrong: compare your program with the example."),
    ResultCode.EXCEPTION: _("The platform is busy or failed; send the same request again."),
}

REASONS: Mapping[Refusal | str, Text] = {
    "bad_json": _("The body cannot be read"),
    "body_too_large": _("The body is too large"),
    "no_key": _("No valid AccessKey"),
    "unknown_cpcode": _("Unknown merchant code"),
    "address_not_allowed": _("Address not on the approved whitelist"),
    "dialect_off": _("The dialect is switched off for the enterprise"),
    "too_many_requests": _("Too many requests"),
    "too_many_recipients": _("Too many recipients"),
    "mobiles_length": _("More numbers than one request may hold"),
    "bad_excode": _("The extension code is not digits, or too long"),
    "wrong_sign": _("Wrong signature"),
    "unavailable": _("The platform cannot store the request at the moment"),
    Refusal.PHONE_INVALID: _("Not a mobile number"),
    Refusal.PHONE_DUPLICATE: _("Number given twice"),
    Refusal.BLOCKED_GLOBAL: _("On the platform's blacklist"),
    Refusal.BLOCKED_ENTERPRISE: _("Unsubscribed or on your blacklist"),
    Refusal.CARRIER_NOT_SERVED: _("Carrier outside the template's range"),
    Refusal.PARAMS_MISSING: _("Too few parameters"),
    Refusal.PARAMS_EXTRA: _("Too many parameters"),
    Refusal.PARAM_TOO_LONG: _("Parameter too long"),
    Refusal.FORBIDDEN_WORD: _("Forbidden word in the text"),
    Refusal.TEXT_TOO_LONG: _("Text too long"),
    Refusal.QUIET_HOURS: _("Outside the hours for marketing"),
    Refusal.FREQUENCY: _("Too many messages to one number"),
    Refusal.NO_BALANCE: _("Balance used up"),
    Refusal.SIGNATURE_NOT_APPROVED: _("Signature not approved"),
    Refusal.TEMPLATE_NOT_APPROVED: _("Template not approved"),
    Refusal.ENTERPRISE_SUSPENDED: _("The enterprise is suspended"),
    Refusal.LINE_MALFORMED: _("Signs that cannot be sent"),
    Refusal.FULL_WIDTH_COMMA: _("Full-width comma between the values"),
    Refusal.EXTENSION_TOO_LONG: _("Access number and extension codes too long together"),
    Refusal.EXTENSION_TAKEN: _("The number with the extension code is another enterprise's"),
}


GROUPS: Mapping[CodeGroup, Text] = {
    CodeGroup.DELIVERED: _("It arrived."),
    CodeGroup.ON_THE_WAY: _("It is on its way; this is not the final word."),
    CodeGroup.NUMBER: _("The number is not in use, or not valid."),
    CodeGroup.UNREACHABLE: _("The phone was switched off or out of reach."),
    CodeGroup.PHONE: _("The phone cannot receive it, for a full memory for example."),
    CodeGroup.SUSPENDED: _("The phone's service is stopped, for arrears for example."),
    CodeGroup.BLOCKED: _("The carrier blocks the number, or rejected the message."),
    CodeGroup.CONTENT: _("The carrier refused the text or its length."),
    CodeGroup.LIMIT: _("Too fast, too often, or a quota is used up."),
    CodeGroup.ROUTE: _("There is no route to the number, or it was ported."),
    CodeGroup.ACCOUNT: _(
        "The platform's account at the carrier is at fault; tell customer service."
    ),
    CodeGroup.FORMAT: _("A field of the carrier's protocol is at fault; tell customer service."),
    CodeGroup.CARRIER: _("The carrier's system is at fault."),
    CodeGroup.NO_WORD: _("Nobody knows what became of it: no answer or no report came."),
    CodeGroup.WITHDRAWN: _("The platform did not send it: withdrawn, or the number was blocked."),
    CodeGroup.OTHER: _("Something else."),
}


class CodeRow(NamedTuple):
    """A code and what it means."""

    code: str
    message: Text
    meaning: Text


class MappingRow(NamedTuple):
    """A reason of the platform and how the dialect tells it."""

    reason: Text
    code: int
    message: str


class ProblemRow(NamedTuple):
    """A problem of v1."""

    code: str
    status: int
    title: str


def all_tables(language: str) -> dict[str, Any]:
    """Everything that the templates of the document ask for.

    Args: language: "en", or else Chinese.
    """
    short = "en" if language == "en" else "zh"
    return {
        "codes": [CodeRow(str(int(c)), ronghe.MESSAGES[c], MEANINGS[c]) for c in ResultCode],
        "mapping": mapping(),
        "refusals": [CodeRow(str(r), "", told[short == "zh"]) for r, told in REFUSALS.items()],
        "contact_refusals": [
            CodeRow(code, "", told[short == "zh"]) for code, told in CONTACT_REFUSALS.items()
        ],
        "code_groups": [CodeRow(str(group), "", label) for group, label in GROUPS.items()],
        "problems": [ProblemRow(p.code, p.status, p.title(short)) for p in PROBLEMS.values()],
        "problem_fields": problem_fields(),
        "endpoints": endpoints(),
        "scopes": SCOPES,
        "vector": vector(),
        "signing": signing_example(),
        "mobiles_max": ronghe.MOBILES_MAX,
        "excode_max": ronghe.EXCODE_MAX,
    }


def mapping() -> list[MappingRow]:
    """Which reason the dialect tells by which code, in the order of the codes."""
    rows = [
        MappingRow(REASONS[reason], int(code), ronghe.message_for(reason, "…"))
        for reason, code in ronghe.CODE_OF.items()
    ]
    return sorted(rows, key=lambda row: row.code)


def vector() -> dict[str, str]:
    """The dialect's signature, worked out."""
    names = ("cpcode", "msg", "mobiles", "excode", "templetid", "key")
    return dict(zip(names, _VECTOR, strict=True)) | {
        "text": "".join(_VECTOR),
        "sign": ronghe.sign(*_VECTOR),
    }


def signing_example() -> dict[str, str]:
    """A signed request of v1, worked out."""
    wanted = ("POST", "/api/v1/messages", "", _TIMESTAMP, _NONCE, _BODY.encode())
    signing_key = keys.signing_key(EXAMPLE_KEY)
    return {
        "key": EXAMPLE_KEY,
        "signing_key": signing_key,
        "body": _BODY,
        "text": signing.string_to_sign(*wanted),
        "signature": signing.sign(signing_key, *wanted),
    }
