"""Every refusal that needs no database, from a snapshot, a request and a moment."""

from datetime import datetime, time

import pytest

from yunxin.config import Config
from yunxin.engine.checks import AcceptRequest, Checker, Draft, FreeText, Refused
from yunxin.engine.directory import (
    SHANGHAI,
    Enterprise,
    Signature,
    Snapshot,
    Template,
    marketing_rests,
)
from yunxin.text.placeholders import variables
from yunxin.text.segments import split
from yunxin.text.words import WordList
from yunxin.vocabulary import (
    Refusal,
    ReviewState,
    SignaturePosition,
    TemplateKind,
    TrafficClass,
)

APPROVED = ReviewState.APPROVED
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=SHANGHAI)
NIGHT = datetime(2026, 3, 4, 23, 0, tzinfo=SHANGHAI)
MOBILE, UNICOM = "13800000001", "13000000001"
CONFIG = Config()


def template(id: int, content: str, *, state=ReviewState.APPROVED, **changes) -> Template:
    fields = {
        "id": id, "enterprise_id": 1, "signature": Signature(9, 1, "云启科技", state, ""),
        "kind": TemplateKind.INDUSTRY, "traffic": TrafficClass.NOTICE, "priority": 1,
        "position": SignaturePosition.FRONT, "content": content,
        "variables": variables(content), "carriers": None,
    }  # fmt: skip
    return Template(**(fields | changes))


MARKETING = {"kind": TemplateKind.MARKETING, "traffic": TrafficClass.MARKETING}
SNAPSHOT = Snapshot(
    enterprises={
        1: Enterprise(1, True, 1, "", ""),
        2: Enterprise(2, False, 1, "", ""),
        3: Enterprise(3, True, 1, "", ""),
    },
    templates={
        10: template(10, "验证码#*#。"),
        11: template(11, "大促销#*#", **MARKETING),
        12: template(12, "仅移动", carriers=frozenset({"mobile"})),
        13: template(13, "签名已注销", state=ReviewState.CANCELLED),
        14: template(14, "别人的", enterprise_id=3),
        15: template(15, "停用企业的", enterprise_id=2),
    },
    words=WordList(["赌博"]),
)


def check(template_id=10, phone=MOBILE, params=("1234",), *, enterprise_id=1, now=NOON):
    request = AcceptRequest(enterprise_id, template_id, phone, params)
    return Checker(SNAPSHOT, CONFIG, now).check(0, request)


@pytest.mark.parametrize(
    ("refused", "reason", "detail"),
    [
        (check(15, enterprise_id=2), Refusal.ENTERPRISE_SUSPENDED, ""),
        (check(10, enterprise_id=99), Refusal.ENTERPRISE_SUSPENDED, ""),
        (check(99), Refusal.TEMPLATE_NOT_APPROVED, ""),
        (check(14), Refusal.TEMPLATE_NOT_APPROVED, ""),
        (check(13, params=()), Refusal.SIGNATURE_NOT_APPROVED, ""),
        (check(phone="12345"), Refusal.PHONE_INVALID, ""),
        (check(12, UNICOM, ()), Refusal.CARRIER_NOT_SERVED, "unicom"),
        (check(params=()), Refusal.PARAMS_MISSING, "1/0"),
        (check(params=("1", "2", "3")), Refusal.PARAMS_EXTRA, "1/3"),
        (check(params=("去 赌-博",)), Refusal.FORBIDDEN_WORD, "赌博"),
        (check(params=("长" * 1000,)), Refusal.TEXT_TOO_LONG, "1010"),
        (check(params=("\x00",)), Refusal.LINE_MALFORMED, ""),
        (check(params=("\ud800",)), Refusal.LINE_MALFORMED, ""),
        (check(11, now=NIGHT), Refusal.QUIET_HOURS, ""),
    ],
)
def test_each_refusal_has_its_reason_and_what_its_sentence_needs(refused, reason, detail):
    assert refused == Refused(reason, detail)


@pytest.mark.parametrize(("extension", "digits"), [("12345678", None), ("123456789", "21")])
def test_the_senders_number_is_refused_before_it_would_be_cut(extension, digits):
    """Eight digits of the channel, two each of enterprise and signature, and the request's."""
    snapshot = Snapshot(
        enterprises={1: Enterprise(1, True, 1, "", "01")},
        templates={10: template(10, "您好", signature=Signature(9, 1, "云启", APPROVED, "22"))},
        access_digits=8,
    )
    request = AcceptRequest(1, 10, MOBILE, extension=extension)
    answer = Checker(snapshot, CONFIG, NOON).check(0, request)
    if digits is None:
        assert isinstance(answer, Draft)
    else:
        assert answer == Refused(Refusal.EXTENSION_TOO_LONG, digits)


@pytest.mark.parametrize(
    ("own", "sign", "extension", "is_free"),
    [
        ("", "", "01", False),  # the other enterprise's number
        ("", "", "017", False),
        ("", "", "0", True),  # shorter than anybody's code
        ("", "", "02", True),
        ("", "", "", True),
        ("", "0", "1", False),
        ("", "55", "01", True),  # behind a signature's digits of its own
        ("77", "", "01", True),  # behind the enterprise's own
    ],
)
def test_free_digits_never_make_the_number_of_another_enterprise(own, sign, extension, is_free):
    snapshot = Snapshot(
        enterprises={1: Enterprise(1, True, 1, "", own)},
        templates={10: template(10, "您好", signature=Signature(9, 1, "云启", APPROVED, sign))},
        digits_given={"01": 2, "55": 1},
    )
    request = AcceptRequest(1, 10, MOBILE, extension=extension)
    answer = Checker(snapshot, CONFIG, NOON).check(0, request)
    assert isinstance(answer, Draft) if is_free else answer == Refused(Refusal.EXTENSION_TAKEN)


def test_a_good_message_gets_its_whole_text_and_price():
    draft = check(phone="+86 138-0000-0001")
    assert isinstance(draft, Draft)
    assert (draft.phone, draft.carrier) == (MOBILE, "mobile")
    assert draft.wording == ("【云启科技】验证码1234。", 1)


def test_a_marketing_text_ends_with_the_hint_and_pays_for_it():
    draft = check(11, params=("惠" * 60,))
    assert isinstance(draft, Draft)
    assert draft.wording.text.endswith("拒收请回复R")
    assert draft.wording.segments == len(split(draft.wording.text)) == 2


def test_what_is_not_marketing_goes_by_night():
    assert isinstance(check(now=NIGHT), Draft)


@pytest.mark.parametrize(
    ("first", "last", "clock", "rests"),
    [
        ("08:00", "21:00", "07:59", True),
        ("08:00", "21:00", "08:00", False),
        ("08:00", "21:00", "20:59", False),
        ("08:00", "21:00", "21:00", True),
        ("20:00", "02:00", "01:00", False),
        ("20:00", "02:00", "03:00", True),
        ("00:00", "00:00", "03:00", False),
    ],
)
def test_marketing_hours_are_those_of_shanghai(first, last, clock, rests):
    config = Config(marketing_from=time.fromisoformat(first), marketing_to=time.fromisoformat(last))
    now = datetime.combine(NOON.date(), time.fromisoformat(clock), SHANGHAI)
    assert marketing_rests(config, now) is rests


SIGNED = Snapshot(
    enterprises={1: Enterprise(1, True, 1, "", ""), 2: Enterprise(2, False, 1, "", "")},
    signatures={
        9: Signature(9, 1, "云启科技", APPROVED, ""),
        8: Signature(8, 1, "旧名", ReviewState.CANCELLED, ""),
        7: Signature(7, 3, "别人", APPROVED, ""),
    },
    words=WordList(["赌博"]),
)


def check_free(signature=9, text="您好", traffic=TrafficClass.NOTICE, *, enterprise_id=1, **more):
    position = more.pop("position", SignaturePosition.FRONT)
    now = more.pop("now", NOON)
    free = FreeText(signature, traffic, position)
    request = AcceptRequest(enterprise_id, 0, MOBILE, (text,), free=free, **more)
    return Checker(SIGNED, CONFIG, now).check(0, request)


def test_a_free_text_needs_its_signature_and_nothing_else():
    draft = check_free()
    assert isinstance(draft, Draft)
    assert (draft.wording.text, draft.template.id) == ("【云启科技】您好", 0)
    back = check_free(position=SignaturePosition.BACK, text="您好#*#")
    assert isinstance(back, Draft)
    assert back.wording.text == "您好#*#【云启科技】"


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (check_free(8), Refusal.SIGNATURE_NOT_APPROVED),
        (check_free(7), Refusal.SIGNATURE_NOT_APPROVED),
        (check_free(6), Refusal.SIGNATURE_NOT_APPROVED),
        (check_free(enterprise_id=2), Refusal.ENTERPRISE_SUSPENDED),
        (check_free(text="去赌博"), Refusal.FORBIDDEN_WORD),
        (check_free(traffic=TrafficClass.MARKETING, now=NIGHT), Refusal.QUIET_HOURS),
    ],
)
def test_a_free_text_has_the_same_rules(refused, reason):
    assert isinstance(refused, Refused)
    assert refused.reason is reason


def test_marketing_hours_are_those_of_the_time_it_is_sent_at():
    marketing = {"traffic": TrafficClass.MARKETING, "text": "新品"}
    assert isinstance(check_free(**marketing, not_before=NIGHT), Refused)
    assert isinstance(check_free(**marketing, now=NIGHT, not_before=NOON), Draft)


def test_free_texts_of_two_signatures_are_not_taken_for_each_other():
    snapshot = Snapshot(
        enterprises=SIGNED.enterprises,
        signatures={9: SIGNED.signatures[9], 5: Signature(5, 1, "新名", APPROVED, "")},
    )
    checker = Checker(snapshot, CONFIG, NOON)
    texts = []
    for signature in (9, 5):
        free = FreeText(signature, TrafficClass.NOTICE, SignaturePosition.FRONT)
        draft = checker.check(0, AcceptRequest(1, 0, MOBILE, ("您好",), free=free))
        assert isinstance(draft, Draft)
        texts.append(draft.wording.text)
    assert texts == ["【云启科技】您好", "【新名】您好"]
