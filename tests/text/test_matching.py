"""The way back from a text to its template and parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.text.matching import Known, Match, Matcher, match_content, take_apart
from yunxin.text.placeholders import PLACEHOLDER, compose, fill
from yunxin.vocabulary import SignaturePosition, TemplateKind

FRONT, BACK = SignaturePosition.FRONT, SignaturePosition.BACK
INDUSTRY, MARKETING = TemplateKind.INDUSTRY, TemplateKind.MARKETING


def matcher(*known):
    return Matcher(Known(number, *one) for number, one in enumerate(known, 1))


CODE = ("云", FRONT, INDUSTRY, "验证码#*#，#*#分钟内有效")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("【云】验证码1234，5分钟内有效", Match(1, ("1234", "5"))),
        ("【云】验证码，分钟内有效", Match(1, ("", ""))),
        ("验证码1234，5分钟内有效", Match(1, ("1234", "5"))),  # the signature is put on
        ("【云】验证码1，2，3分钟内有效", Match(1, ("1", "2，3"))),
        ("【雨】验证码1234，5分钟内有效", None),
        ("验证码1234，5分钟内有效【云】", None),  # its place is the front
        ("【云】验证码1234，5分钟内有效!", None),
        ("【云】", None),
        ("", None),
    ],
)
def test_a_text_is_known_by_its_fixed_words(text, match):
    assert matcher(CODE).find(text) == match


def test_the_template_with_the_most_fixed_words_is_taken():
    both = matcher(("云", FRONT, INDUSTRY, "您好#*#"), ("云", FRONT, INDUSTRY, "您好，#*#先生"))
    assert both.find("【云】您好，王先生") == Match(2, ("王",))
    assert both.find("【云】您好吗") == Match(1, ("吗",))


def test_a_signature_at_the_back():
    one = matcher(("云", BACK, INDUSTRY, "您好#*#"))
    assert one.find("您好吗【云】") == Match(1, ("吗",))
    assert one.find("【云】您好吗") is None


def test_without_a_signature_two_signatures_are_one_too_many():
    same = [("云", FRONT, INDUSTRY, "您好#*#"), ("雨", FRONT, INDUSTRY, "您好#*#")]
    assert matcher(*same).find("您好吗") is None
    assert matcher(same[0], same[0]).find("您好吗") == Match(1, ("吗",))


@pytest.mark.parametrize("end", ["", "拒收请回复R", "，拒收请回复R", "拒收请回复R "])
def test_the_unsubscribe_hint_may_be_there_or_not(end):
    one = matcher(("云", FRONT, MARKETING, "新品#*#上市"))
    assert one.find(f"【云】新品手机上市{end}") == Match(1, ("手机",))


def test_a_text_that_is_signed_twice_over():
    assert [s.name for s in take_apart("【云】您好【雨】")] == ["云", "雨"]
    assert [s.name for s in take_apart("您好")] == [""]
    assert [s.name for s in take_apart("【云您好")] == [""]


PIECES = st.text(st.sampled_from("ab，。12"), max_size=4)


@given(st.lists(PIECES, min_size=1, max_size=5), st.lists(PIECES, min_size=4, max_size=4))
def test_what_a_template_makes_is_found_again(pieces, values):
    """Perhaps with other parameters, as fixed words may stand in them; never with another text."""
    content = PLACEHOLDER.join(pieces)
    text = fill(content, values[: len(pieces) - 1])
    found = match_content(pieces, text)
    assert found is not None
    assert fill(content, found) == text


@given(st.sampled_from([FRONT, BACK]), st.sampled_from([INDUSTRY, MARKETING]), PIECES)
def test_the_text_that_is_composed_again_is_the_same(position, kind, value):
    one = matcher(("云", position, kind, "您好#*#先生"))
    text = compose(f"您好{value}先生", signature="云", position=position, kind=kind)
    match = one.find(text)
    assert match is not None
    content = fill("您好#*#先生", match.parameters)
    assert compose(content, signature="云", position=position, kind=kind) == text
