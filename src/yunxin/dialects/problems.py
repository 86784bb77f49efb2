"""What v1 says when it refuses: RFC 9457 problems, each with a stable code, in both languages.

`PROBLEMS` are whole requests, `REFUSALS` single recipients of a request that was taken,
`CONTACT_REFUSALS` single contacts. The interface document lists all; a code is never taken away or
given another meaning.
"""

from collections.abc import Mapping
from typing import NamedTuple

from yunxin.vocabulary import Refusal

CONTENT_TYPE = "application/problem+json"


class Problem(NamedTuple):
    """One kind of refusal."""

    code: str
    status: int
    title_en: str
    title_zh: str

    def title(self, language: str) -> str:
        """Its sentence in "zh", or in English."""
        return self.title_zh if language == "zh" else self.title_en


_ALL = (
    Problem("invalid_json", 400, "The body is not JSON.", "请求内容不是JSON。"),
    Problem("invalid_body", 422, "A field of the body is not as it should be.",
            "请求内容中有字段不正确。"),
    Problem("invalid_parameter", 422, "A parameter of the address is not as it should be.",
            "地址中有参数不正确。"),
    Problem("body_too_large", 413, "The body is larger than 2 MB.", "请求内容超过2 MB。"),
    Problem("missing_credentials", 401, "The request does not say whose it is.",
            "请求没有携带身份凭证。"),
    Problem("invalid_key", 401, "The key is not known, was disabled, or has expired.",
            "密钥不存在、已停用或已过期。"),
    Problem("wrong_signature", 401, "The signature is not that of the text in “signed”.",
            "签名与“signed”中的内容不符。"),
    Problem("wrong_time", 401, "The timestamp is more than five minutes off.",
            "时间戳与服务器时间相差超过5分钟。"),
    Problem("nonce_reused", 401, "The nonce came before; each try needs a new one.",
            "随机串已使用过,每次请求须使用新的随机串。"),
    Problem("address_not_allowed", 403, "The key may not be used from this address.",
            "该密钥不允许从此IP地址使用。"),
    Problem("scope_missing", 403, "The key does not have the scope that this needs.",
            "该密钥没有所需的权限。"),
    Problem("enterprise_suspended", 403, "The enterprise is suspended and cannot send.",
            "企业已被停用,不能发送。"),
    Problem("no_balance", 402, "The packages do not have enough segments left.",
            "套餐余量不足。"),
    Problem("template_not_approved", 422, "There is no such template, or it is not approved.",
            "模板不存在或未审核通过。"),
    Problem("signature_not_approved", 422, "The template's signature is not approved any more.",
            "模板的签名未审核通过或已注销。"),
    Problem("application_refused", 422, "The application breaks a rule; nothing was applied for.",
            "申请不符合规则,未提交。"),
    Problem("extension_too_long", 422,
            "Your number with this extension has more than 20 digits.",
            "接入号与扩展码合计超过20位。"),
    Problem("extension_taken", 422,
            "The number with this extension belongs to another enterprise.",
            "该扩展码的号码属于其他企业。"),
    Problem("group_not_found", 422, "A group that the body names is not there.",
            "请求内容中的联系人分组不存在。"),
    Problem("group_name_taken", 409, "A group of this name lies there already.",
            "同级已有同名的联系人分组。"),
    Problem("group_too_deep", 422, "Groups lie in one another at most 8 deep.",
            "联系人分组最多8级。"),
    Problem("too_many_groups", 422, "The address book has as many groups as it may.",
            "联系人分组数量已达上限。"),
    Problem("too_many_contacts", 422, "The address book would have more contacts than it may.",
            "通讯录联系人数量超过上限。"),
    Problem("quiet_hours", 422, "Marketing messages are not sent at this time of day.",
            "当前时间不在营销短信允许的发送时间内。"),
    Problem("no_push_url", 422, "There is no URL for this that is switched on.",
            "没有已启用的推送地址。"),
    Problem("replays_too_soon", 429, "The last replay began only just now.",
            "距上次补推时间过短。"),
    Problem("idempotency_key_invalid", 400, "The Idempotency-Key has 1 to 255 visible characters.",
            "Idempotency-Key须为1到255个可见字符。"),
    Problem("idempotency_key_reused", 422, "The Idempotency-Key came with another request before.",
            "该Idempotency-Key已用于其他请求。"),
    Problem("too_many_requests", 429, "The key makes more requests than it may.",
            "该密钥的请求过于频繁。"),
    Problem("too_many_recipients", 429, "The enterprise sends to more recipients than it may.",
            "该企业提交的号码过于频繁。"),
    Problem("not_found", 404, "Nothing is here.", "没有这个内容。"),
    Problem("method_not_allowed", 405, "This address does not take the method.",
            "该地址不支持此方法。"),
    Problem("internal", 500, "Something went wrong on our side.", "系统内部错误。"),
    Problem("unavailable", 503, "The platform is busy; try again in a moment.",
            "系统繁忙,请稍后重试。"),
)  # fmt: skip
PROBLEMS: Mapping[str, Problem] = {problem.code: problem for problem in _ALL}

# English, Chinese; what `detail` is stands in `engine.checks.Refused`.
REFUSALS: Mapping[Refusal, tuple[str, str]] = {
    Refusal.PHONE_INVALID: ("This is not a mainland mobile number.", "不是正确的手机号码。"),
    Refusal.PHONE_DUPLICATE: (
        "The same phone with the same parameters stands earlier in the request.",
        "请求中已有相同的号码和参数。",
    ),
    Refusal.BLOCKED_GLOBAL: ("The phone is on the platform's blacklist.", "号码在平台黑名单中。"),
    Refusal.BLOCKED_ENTERPRISE: ("The phone has unsubscribed.", "号码已退订。"),
    Refusal.CARRIER_NOT_SERVED: (
        "The phone's carrier is outside the template's range.",
        "号码所属运营商不在模板的发送范围内。",
    ),
    Refusal.PARAMS_MISSING: (
        "There are fewer parameters than the template has variables.",
        "参数值少于模板变量。",
    ),
    Refusal.PARAMS_EXTRA: (
        "There are more parameters than the template has variables.",
        "参数值多于模板变量。",
    ),
    Refusal.PARAM_TOO_LONG: ("A parameter is too long.", "参数值过长。"),
    Refusal.FORBIDDEN_WORD: ("The text contains a forbidden word.", "内容包含敏感词。"),
    Refusal.TEXT_TOO_LONG: ("The whole text is longer than 1,000 characters.", "内容超过1000字。"),
    Refusal.QUIET_HOURS: (
        "Marketing messages are not sent at this time of day.",
        "当前时间不在营销短信允许的发送时间内。",
    ),
    Refusal.FREQUENCY: (
        "The phone has got as many messages as it may in this time.",
        "该号码的发送过于频繁。",
    ),
    Refusal.NO_BALANCE: ("The packages do not have enough segments left.", "套餐余量不足。"),
    Refusal.SIGNATURE_NOT_APPROVED: (
        "The template's signature is not approved any more.",
        "模板的签名未审核通过或已注销。",
    ),
    Refusal.TEMPLATE_NOT_APPROVED: (
        "There is no such template, or it is not approved.",
        "模板不存在或未审核通过。",
    ),
    Refusal.ENTERPRISE_SUSPENDED: (
        "The enterprise is suspended and cannot send.",
        "企业已被停用,不能发送。",
    ),
    Refusal.LINE_MALFORMED: (
        "The text holds characters that cannot be sent.",
        "内容含有无法发送的字符。",
    ),
    Refusal.EXTENSION_TOO_LONG: (
        "Your number with this extension has more than 20 digits.",
        "接入号与扩展码合计超过20位。",
    ),
    Refusal.EXTENSION_TAKEN: (
        "The number with this extension belongs to another enterprise.",
        "该扩展码的号码属于其他企业。",
    ),
    Refusal.FULL_WIDTH_COMMA: (
        "The parameters are joined by full-width commas.",
        "参数值使用了全角逗号。",
    ),
}
# Why a contact of the address book was not written: a code for programs, English, Chinese.
CONTACT_REFUSALS: Mapping[str, tuple[str, str]] = {
    "phone_invalid": REFUSALS[Refusal.PHONE_INVALID],
    "phone_duplicate": ("The same phone stands earlier in the request.", "请求中已有相同的号码。"),
    "field_required": ("The field must not be empty.", "该字段不能为空。"),
    "field_too_long": (
        "The field is too long: 40 characters are the most, 100 of the company, 200 of the remark.",
        "该字段过长:最多40字,单位最多100字,备注最多200字。",
    ),
    "field_characters": ("The field holds control characters.", "该字段含有控制字符。"),
    "gender_invalid": (
        "Write male, female, 男, 女, or leave it empty.",
        "性别请填写 male、female、男、女,或留空。",
    ),
    "birthday_invalid": ("This is no date, such as 1990-12-31.", "生日不是日期,例如1990-12-31。"),
    "birthday_future": ("The day is yet to come.", "生日不能晚于今天。"),
}
CONCERN_ALL = frozenset(
    {
        Refusal.ENTERPRISE_SUSPENDED,
        Refusal.TEMPLATE_NOT_APPROVED,
        Refusal.SIGNATURE_NOT_APPROVED,
        Refusal.EXTENSION_TOO_LONG,
        Refusal.EXTENSION_TAKEN,
        Refusal.QUIET_HOURS,
        Refusal.NO_BALANCE,
    }
)
"""Refusals that are a problem of the whole request where nothing of it was accepted."""
