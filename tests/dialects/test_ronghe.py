"""The dialect's wire: its signature, and a code for every reason."""

import pytest

from yunxin.dialects import ronghe
from yunxin.dialects.ronghe import CODE_OF, FieldMissing, Fields, ResultCode
from yunxin.vocabulary import Refusal

FIELDS = Fields("AAAAAC", "模板短信测试,0001", "18607714703,18648807841", "", "2", "")


def test_the_documented_vector():
    assert ronghe.sign(*FIELDS[:5], "f75b9467e1112239") == "959566b511b5ccc998a7eee44b4a740c"


def test_every_refusal_has_a_code_and_a_message():
    assert set(Refusal) <= set(CODE_OF)
    assert all(ronghe.message_for(reason, "1/minute") for reason in CODE_OF)


def test_a_cap_is_told_in_chinese():
    assert ronghe.message_for(Refusal.FREQUENCY, "5/hour").endswith("上限为每小时5条")
    assert "上限为每秒200次" in ronghe.message_for("too_many_requests", "200/second")


def test_moved_digits_have_the_same_sign_but_another_fingerprint():
    """The sign has no separators; that a request is known again must not rest on it."""
    moved = FIELDS._replace(msg=FIELDS.msg + "1", mobiles=FIELDS.mobiles[1:])
    assert ronghe.sign(*moved[:5], "k") == ronghe.sign(*FIELDS[:5], "k")
    assert ronghe.fingerprint(moved) != ronghe.fingerprint(FIELDS)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ([], ResultCode.BAD_JSON),
        ({}, ResultCode.BAD_CPCODE),
        ({"cpcode": True}, ResultCode.BAD_JSON),
        ({"cpcode": "A", "msg": None}, ResultCode.NO_MSG),
        ({"cpcode": "A", "msg": "", "mobiles": {}}, ResultCode.BAD_JSON),
    ],
)
def test_a_missing_field_has_its_code(content, code):
    with pytest.raises(FieldMissing) as caught:
        ronghe.read_fields(content)
    assert caught.value.code == code
