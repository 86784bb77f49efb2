"""Variables are filled in order, once, and the text is put together as the phone shows it."""

import pytest

from yunxin.text.placeholders import ParameterCountWrong, compose, fill, variables
from yunxin.vocabulary import SignaturePosition, TemplateKind


def test_variables_are_filled_in_order() -> None:
    assert fill("#*#您好，验证码#*#。", ["王敏", "0001"]) == "王敏您好，验证码0001。"


def test_a_value_that_looks_like_a_variable_is_left_alone() -> None:
    assert fill("#*#-#*#", ["#*#", "x"]) == "#*#-x"


@pytest.mark.parametrize("given", [[], ["a"], ["a", "b", "c"]])
def test_the_number_of_values_must_be_right(given: list[str]) -> None:
    with pytest.raises(ParameterCountWrong) as caught:
        fill("#*##*#", given)
    assert (caught.value.wanted, caught.value.given) == (2, len(given))


def test_variables_are_counted() -> None:
    assert [variables(text) for text in ("", "#*#", "a#*#b#*#", "#*")] == [0, 1, 2, 0]


MARKETING, INDUSTRY = TemplateKind.MARKETING, TemplateKind.INDUSTRY
FRONT, BACK = SignaturePosition.FRONT, SignaturePosition.BACK


@pytest.mark.parametrize(
    ("content", "kind", "position", "text"),
    [
        ("您好", INDUSTRY, FRONT, "【云启】您好"),
        ("您好", INDUSTRY, BACK, "您好【云启】"),
        ("特惠", MARKETING, FRONT, "【云启】特惠，拒收请回复R"),
        ("特惠！", MARKETING, FRONT, "【云启】特惠！拒收请回复R"),
        ("特惠 拒收请回复R", MARKETING, FRONT, "【云启】特惠 拒收请回复R"),
        ("特惠", MARKETING, BACK, "特惠，拒收请回复R【云启】"),
    ],
)
def test_the_whole_text(
    content: str, kind: TemplateKind, position: SignaturePosition, text: str
) -> None:
    assert compose(content, signature="云启", kind=kind, position=position) == text
