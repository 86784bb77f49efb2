"""The rules of signatures and templates: what is refused, what is warned of, and how it is said."""

from datetime import time

import pytest
from django.utils import translation

from yunxin.content import rules
from yunxin.content.words import place_of
from yunxin.text.words import WordList
from yunxin.vocabulary import TemplateKind, TrafficClass

HOURS = (time(8), time(21))
NO_WORDS = WordList(())


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def of_signature(name: str) -> list[str]:
    return [problem.rule for problem in rules.signature_problems(name)]


@pytest.mark.parametrize(
    "name", ["云启", "云启科技", "Acme", "3M", "云启2026abc", "一二三四五六七八九十甲乙"]
)
def test_a_good_signature(name):
    assert of_signature(name) == []


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "missing"),
        ("  ", "missing"),
        ("云", "length"),
        ("一二三四五六七八九十甲乙丙", "length"),
        ("【云启】", "brackets"),
        ("[Acme]", "brackets"),
        ("云启（上海）", "brackets"),
        ("云 启", "spaces"),
        ("云启\u3000科技", "spaces"),
        (" 云启", "spaces"),
        ("云启！", "characters"),
        ("A-B", "characters"),
        ("云启😀", "characters"),
        ("ＡＢＣ", "characters"),
    ],
)
def test_a_signature_that_breaks_a_rule(name, rule):
    assert of_signature(name) == [rule]


def test_a_sentence_about_a_signature_names_the_character():
    [problem] = rules.signature_problems("云启!")
    assert problem.sentence.startswith("“!” cannot stand in a signature")
    assert problem.field == "name"


@pytest.mark.parametrize(
    ("name", "company", "needed"),
    [
        ("云启科技", "上海云启科技有限公司", False),
        ("上海云启科技有限公司", "上海云启科技有限公司", False),
        ("acme", "ACME Trading (Shanghai) Ltd", False),
        ("AcmeTrading", "ACME Trading (Shanghai) Ltd", False),
        ("悦享生活", "上海云启科技有限公司", True),
        ("云启商城", "上海云启科技有限公司", True),
    ],
)
def test_evidence_is_needed_when_the_name_is_not_of_the_company(name, company, needed):
    assert rules.needs_evidence(name, company) is needed


def found(
    content: str,
    kind: TemplateKind = TemplateKind.INDUSTRY,
    traffic: TrafficClass | None = None,
    words: WordList = NO_WORDS,
) -> dict[str, bool]:
    """Rule → whether it refuses."""
    default = TrafficClass.MARKETING if kind == TemplateKind.MARKETING else TrafficClass.NOTICE
    text = rules.Text(content=content, kind=kind, traffic=traffic or default, marketing_hours=HOURS)
    return {p.rule: p.refuses for p in rules.template_problems(text, words)}


REFUSES, WARNS = True, False


@pytest.mark.parametrize(
    "content",
    [
        "您的订单#*#已发货，请留意查收。",
        "祝大家清明节安康",
        "第一行#*#\n第二行",
        "会议改到#*#月#*#日，请互相转告。",
        "价格#100元，5折优惠券除外".replace("5折优惠券除外", "请知悉"),
        "Dear #*#, your parcel #*# has arrived.",
    ],
)
def test_a_good_text(content):
    assert found(content) == {}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", {"missing": REFUSES}),
        ("字" * 501, {"length": REFUSES}),
        ("😀" * 251, {"length": REFUSES}),
        ("【云启】您好，请查收", {"brackets": REFUSES}),
        ("您好\u200b请查收通知", {"control": REFUSES}),
        ("您好\x07请查收通知", {"control": REFUSES}),
        ("您好{1}请查收通知", {"variable_form": REFUSES}),
        ("您好${name}请查收", {"variable_form": REFUSES}),
        ("您好{{name}}请查收", {"variable_form": REFUSES}),
        ("您好# * #请查收", {"variable_form": REFUSES}),
        ("您好＃＊＃请查收通知", {"variable_form": REFUSES}),
        ("您好#**#请查收通知", {"variable_form": REFUSES}),
        ("您好#*##*#请查收", {"variables_adjacent": REFUSES}),
        ("您好#*# #*#请查收", {"variables_adjacent": REFUSES}),
        ("#*#", {"variables_only": REFUSES}),
        ("#*#，#*#。", {"variables_only": REFUSES}),
        ("请" + "#*#查收" * 21, {"variables_many": REFUSES}),
        ("请打开 https://example.com/a 查看", {"link": WARNS}),
        ("请打开example.com/a查看详情", {"link": WARNS}),
        ("请打开 t.cn/A1b2 查看", {"short_link": WARNS}),
        ("本周全场满减，欢迎到店", {"offer_as_industry": WARNS}),
        ("您的验证码是#*#，请勿泄露", {"code_as_notice": WARNS}),
    ],
)
def test_an_industry_text(content, expected):
    assert found(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("您的验证码是#*#，请勿泄露", {}),
        ("您的验证码是一二三四", {"code_without_variable": REFUSES}),
        ("您的订单#*#已发货", {"code_unnamed": REFUSES}),
    ],
)
def test_a_verification_code(content, expected):
    assert found(content, traffic=TrafficClass.VERIFICATION) == expected


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ("本周全场满减，欢迎到店", set()),
        ("本周全场满减，拒收请回复R", set()),
        ("本周全场满减，退订回T", {"unsubscribe_twice"}),
        ("本周全场满减，拒收请回复R，欢迎到店", {"unsubscribe_twice"}),
        ("本周全场满减，回T退订", {"unsubscribe_twice"}),
        ("本周全场满减，回复TD退订", {"unsubscribe_twice"}),
        ("本周可退订单，欢迎到店", set()),
    ],
)
def test_a_marketing_text(content, refused):
    problems = found(content, kind=TemplateKind.MARKETING)
    assert problems.pop("marketing_hours") is WARNS
    assert set(problems) == refused


def test_the_hours_of_marketing_are_stated():
    text = rules.Text(
        content="本周满减，欢迎到店",
        kind=TemplateKind.MARKETING,
        traffic=TrafficClass.MARKETING,
        marketing_hours=HOURS,
    )
    [problem] = rules.template_problems(text, NO_WORDS)
    assert "between 08:00 and 21:00" in problem.sentence


def test_a_forbidden_word_is_named_with_its_place_as_it_was_written():
    text = rules.Text(
        content="欢迎来到澳门 赌*场体验",
        kind=TemplateKind.INDUSTRY,
        traffic=TrafficClass.NOTICE,
        marketing_hours=HOURS,
    )
    [problem] = rules.template_problems(text, WordList(["赌场"]))
    assert problem.refuses
    assert problem.sentence == "Character 8: “赌*场” is a forbidden word. Reword the sentence."


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        ("abc", "c", (3, "c")),
        ("Ａ ＢＣ", "bc", (3, "ＢＣ")),
        ("㈱x", "株", (1, "㈱")),
        ("abc", "zz", (1, "zz")),
    ],
)
def test_the_place_of_a_word(text, word, place):
    assert place_of(text, word) == place


def test_the_place_of_a_variable_in_a_foreign_form_counts_real_variables():
    text = rules.Text(
        content="#*#您好，{1}请查收",
        kind=TemplateKind.INDUSTRY,
        traffic=TrafficClass.NOTICE,
        marketing_hours=HOURS,
    )
    [problem] = rules.template_problems(text, NO_WORDS)
    assert problem.sentence == "Character 7: “{1}” is not a variable here. Write #*# instead."


def test_names_are_completed_for_all_variables():
    assert rules.full_variable_names([" 姓名 ", ""], "#*#和#*#和#*#") == [
        "姓名",
        "Variable 2",
        "Variable 3",
    ]


def test_too_many_or_too_long_names_are_refused():
    rules_broken = [p.rule for p in rules.variable_name_problems(["一", "二"], "只有#*#一个")]
    assert rules_broken == ["variable_names"]
    [problem] = rules.variable_name_problems(["名" * 21], "只有#*#一个")
    assert problem.rule == "variable_name_length"


def test_the_content_is_tidied():
    assert rules.tidy("  您好\r\n请查收\r谢谢 \n") == "您好\n请查收\n谢谢"
