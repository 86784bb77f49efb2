"""The Ronghe dialect, V1.7.2, as the wire sees it: fields, result codes, the signature.

A request is six JSON texts; the answer is always HTTP 200 with `resultcode`. `CODE_OF` says which
code each reason of ours is told by: the table of the interface document is made of it.
"""

import hashlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from yunxin.vocabulary import Refusal

PATH = "/umcinterface/sendtempletmsg"
MOBILES_MAX = 300
EXCODE_MAX = 12  # a guess: the whole number has 20 digits at most, which acceptance checks


class ResultCode(IntEnum):
    """The dialect's result codes; there is no 303."""

    OK = 0
    BAD_JSON = 301
    BAD_MERCHANT = 302
    BAD_CPCODE = 304
    MERCHANT_STATE = 305
    MERCHANT_ABILITY = 306
    PARAMETERS_MISSING = 307
    NO_MSG = 308
    MSG_LENGTH = 309
    SENSITIVE_WORD = 310
    NO_MOBILES = 311
    MOBILES_LENGTH = 312
    NO_EXCODE = 313
    NO_TEMPLETID = 314
    NO_SIGN = 315
    WRONG_SIGN = 316
    EXCEPTION = 317


MESSAGES: Mapping[ResultCode, str] = {
    ResultCode.OK: "成功",
    ResultCode.BAD_JSON: "JSON的格式错误",
    ResultCode.BAD_MERCHANT: "非法商户信息",
    ResultCode.BAD_CPCODE: "缺少cpcode参数或cpcode不正确",
    ResultCode.MERCHANT_STATE: "商户状态异常",
    ResultCode.MERCHANT_ABILITY: "商户能力异常",
    ResultCode.PARAMETERS_MISSING: "模板参数值不足",
    ResultCode.NO_MSG: "缺少msg参数",
    ResultCode.MSG_LENGTH: "msg长度非法",
    ResultCode.SENSITIVE_WORD: "包含敏感词",
    ResultCode.NO_MOBILES: "缺少mobiles参数",
    ResultCode.MOBILES_LENGTH: "mobiles长度非法",
    ResultCode.NO_EXCODE: "缺少excode参数",
    ResultCode.NO_TEMPLETID: "缺少templetid参数",
    ResultCode.NO_SIGN: "缺少sign参数",
    ResultCode.WRONG_SIGN: "签名校验不通过",
    ResultCode.EXCEPTION: "程序异常",
}

CODE_OF: Mapping[Refusal | str, ResultCode] = {
    "bad_json": ResultCode.BAD_JSON,
    "body_too_large": ResultCode.BAD_JSON,
    "no_key": ResultCode.BAD_MERCHANT,
    "unknown_cpcode": ResultCode.BAD_CPCODE,
    "address_not_allowed": ResultCode.MERCHANT_ABILITY,
    "dialect_off": ResultCode.MERCHANT_ABILITY,
    "too_many_requests": ResultCode.MERCHANT_ABILITY,
    "too_many_recipients": ResultCode.MERCHANT_ABILITY,
    "mobiles_length": ResultCode.MOBILES_LENGTH,
    "bad_excode": ResultCode.NO_EXCODE,
    "wrong_sign": ResultCode.WRONG_SIGN,
    "unavailable": ResultCode.EXCEPTION,
    Refusal.ENTERPRISE_SUSPENDED: ResultCode.MERCHANT_STATE,
    Refusal.SIGNATURE_NOT_APPROVED: ResultCode.MERCHANT_ABILITY,
    Refusal.TEMPLATE_NOT_APPROVED: ResultCode.NO_TEMPLETID,
    Refusal.PHONE_INVALID: ResultCode.MOBILES_LENGTH,
    Refusal.PHONE_DUPLICATE: ResultCode.MOBILES_LENGTH,
    Refusal.CARRIER_NOT_SERVED: ResultCode.MERCHANT_ABILITY,
    Refusal.BLOCKED_GLOBAL: ResultCode.MERCHANT_ABILITY,
    Refusal.BLOCKED_ENTERPRISE: ResultCode.MERCHANT_ABILITY,
    Refusal.PARAMS_MISSING: ResultCode.PARAMETERS_MISSING,
    Refusal.PARAMS_EXTRA: ResultCode.MSG_LENGTH,
    Refusal.PARAM_TOO_LONG: ResultCode.MSG_LENGTH,
    Refusal.TEXT_TOO_LONG: ResultCode.MSG_LENGTH,
    Refusal.LINE_MALFORMED: ResultCode.MSG_LENGTH,
    Refusal.FULL_WIDTH_COMMA: ResultCode.MSG_LENGTH,
    Refusal.FORBIDDEN_WORD: ResultCode.SENSITIVE_WORD,
    Refusal.EXTENSION_TOO_LONG: ResultCode.NO_EXCODE,
    Refusal.EXTENSION_TAKEN: ResultCode.NO_EXCODE,
    Refusal.QUIET_HOURS: ResultCode.MERCHANT_ABILITY,
    Refusal.FREQUENCY: ResultCode.MERCHANT_ABILITY,
    Refusal.NO_BALANCE: ResultCode.MERCHANT_ABILITY,
}

# What is said instead of the code's own message, where that would not tell what to do.
OWN_MESSAGES: Mapping[Refusal | str, str] = {
    "body_too_large": "请求内容过大",
    "no_key": "非法商户信息:没有有效的AccessKey",
    "address_not_allowed": "商户能力异常:来源IP {detail} 不在已审核的白名单中",
    "dialect_off": "商户能力异常:该接口已停用,请使用v1接口",
    "too_many_requests": "商户能力异常:请求过于频繁,上限为{detail}次,请稍后重试",
    "too_many_recipients": "商户能力异常:号码提交过于频繁,上限为{detail}个号码,请稍后重试",
    "bad_excode": "excode参数只能是不超过12位的数字",
    "unavailable": "程序异常:系统繁忙,请稍后重试",
    Refusal.SIGNATURE_NOT_APPROVED: "商户能力异常:签名未审核通过或已注销",
    Refusal.TEMPLATE_NOT_APPROVED: "templetid参数不正确:模板不存在或未审核通过",
    Refusal.PHONE_INVALID: "mobiles长度非法:没有正确的手机号码",
    Refusal.CARRIER_NOT_SERVED: "商户能力异常:号码不在模板的发送范围内",
    Refusal.BLOCKED_GLOBAL: "商户能力异常:号码在黑名单中",
    Refusal.BLOCKED_ENTERPRISE: "商户能力异常:号码已退订",
    Refusal.PARAMS_EXTRA: "msg长度非法:参数值多于模板变量",
    Refusal.LINE_MALFORMED: "msg长度非法:含有无法发送的字符",
    Refusal.EXTENSION_TOO_LONG: "excode参数过长:接入号与扩展码合计{detail}位,最多20位",
    Refusal.EXTENSION_TAKEN: "excode参数不可用:该号码属于其他企业",
    Refusal.QUIET_HOURS: "商户能力异常:营销短信不在允许的发送时间内",
    Refusal.FREQUENCY: "商户能力异常:同一号码发送过于频繁,上限为{detail}条",
    Refusal.NO_BALANCE: "商户能力异常:套餐余量不足",
}


class Fields(NamedTuple):
    """The six fields of a request, in the order in which they are signed; the sign is last."""

    cpcode: str
    msg: str
    mobiles: str
    excode: str
    templetid: str
    sign: str


_MISSING = {
    "cpcode": ResultCode.BAD_CPCODE,
    "msg": ResultCode.NO_MSG,
    "mobiles": ResultCode.NO_MOBILES,
    "excode": ResultCode.NO_EXCODE,
    "templetid": ResultCode.NO_TEMPLETID,
    "sign": ResultCode.NO_SIGN,
}
_MAY_BE_EMPTY = frozenset({"msg", "excode"})


class FieldMissing(ValueError):
    """A field is not there, or is empty where it may not be; `code` says which."""

    def __init__(self, code: ResultCode) -> None:
        super().__init__(code)
        self.code = code


def read_fields(content: Any) -> Fields:
    """The fields of a decoded JSON body; a number is taken for a text.

    Raises:
        FieldMissing: with the code to answer; 301 for what is no object, or a field that is
            neither text nor number.
    """
    if not isinstance(content, dict):
        raise FieldMissing(ResultCode.BAD_JSON)
    return Fields(*(_read(content, name, code) for name, code in _MISSING.items()))


def _read(content: dict[str, Any], name: str, code: ResultCode) -> str:
    value = content.get(name)
    if type(value) is int or type(value) is float:
        value = str(value)
    if value is None or (value == "" and name not in _MAY_BE_EMPTY):
        raise FieldMissing(code)
    if not isinstance(value, str):
        raise FieldMissing(ResultCode.BAD_JSON)
    return value


def sign(cpcode: str, msg: str, mobiles: str, excode: str, templetid: str, key: str) -> str:
    """The signature of a request: lower-case hex MD5 of the fields and the key, without separators.

    Args: key: the AccessKey.
    """
    text = f"{cpcode}{msg}{mobiles}{excode}{templetid}{key}"
    return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def fingerprint(fields: Fields) -> bytes:
    """What a request is known by when it comes again: SHA-256 of all six fields."""
    text = "\x00".join(fields)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def parameters(msg: str) -> tuple[str, ...]:
    """The values of a template's variables, in order; an empty text has none."""
    return tuple(msg.split(",")) if msg else ()


_WINDOWS = {"second": "每秒", "minute": "每分钟", "hour": "每小时", "day": "每天"}


def message_for(reason: Refusal | str, detail: str = "") -> str:
    """What is said of a reason, in Chinese as all of the dialect.

    Args:
        detail: what the reason is about; a limit as "5/minute" is put into words.
    """
    own = OWN_MESSAGES.get(reason)
    if own is None:
        return MESSAGES[CODE_OF[reason]]
    most, _, window = detail.partition("/")
    if window in _WINDOWS:
        detail = f"{_WINDOWS[window]}{most}"
    return own.format(detail=detail)
