"""Problems of v1: each has a sentence in both languages, and so has each refusal."""

from yunxin.dialects import v1
from yunxin.dialects.problems import CONCERN_ALL, PROBLEMS, REFUSALS
from yunxin.vocabulary import Refusal


def test_every_problem_is_told_in_both_languages():
    assert all(p.title_en.endswith(".") and p.title_zh.endswith("。") for p in PROBLEMS.values())
    assert all(400 <= p.status < 600 for p in PROBLEMS.values())


def test_every_refusal_is_told_in_both_languages():
    assert set(REFUSALS) == set(Refusal)
    assert {str(reason) for reason in CONCERN_ALL} <= set(PROBLEMS)


def test_every_route_names_problems_that_exist():
    for route in v1.ROUTES:
        assert {*route.problems, *v1.EVERYWHERE} <= set(PROBLEMS)
