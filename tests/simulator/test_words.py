"""Both languages are complete, and the right one is chosen."""

import ast
from pathlib import Path

import pytest

from yunxin.simulator import knobs, words
from yunxin.simulator.behaviour import MAGIC, Behaviour
from yunxin.simulator.carrier import ReplyImpossible
from yunxin.text.segments import TextTooLong

ROOM = Path(words.__file__).parent


def said() -> set[str]:
    """Every literal that the pages give to `say`, and those that reach it by another way."""
    found = set()
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
            if isinstance(node, ast.FunctionDef) and node.name in ("_replied", "_hint"):
                returns = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
                found |= {r.value for r in returns if isinstance(r, ast.Constant) and r.value}
    choices = {text for choice in knobs.CHOICES.values() for text in choice.values()}
    buttons = {"Count anew", "Cut all connections", "Forget all counters and texts?"}
    return (
        found
        | {magic.about for magic in MAGIC.values()}
        | {title for title, _ in knobs.GROUPS}
        | set(knobs.LABELS.values())
        | choices
        | buttons
        | {"Cut every connection now?", str(ReplyImpossible.__doc__), str(TextTooLong.__doc__)}
    )


def test_every_sentence_has_its_chinese_one() -> None:
    assert said() - set(words.chinese()) == set()


def test_no_sentence_is_translated_for_nothing() -> None:
    assert set(words.chinese()) - said() == set()


def test_every_knob_has_a_label_and_a_place() -> None:
    shown = [name for _, names in knobs.GROUPS for name in names]
    assert sorted(shown) == sorted(knobs.LABELS)
    assert set(shown) == set(Behaviour.__struct_fields__) - {"rules"}


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "language"),
    [
        (None, None, "", "zh-Hans"),
        (None, None, "en-GB,en;q=0.9", "en"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        (None, None, "fr", "zh-Hans"),
        (None, "en", "zh-CN", "en"),
        ("zh-Hans", "en", "en", "zh-Hans"),
        ("en", None, "zh-CN", "en"),
    ],
)
def test_the_language_of_a_page(
    asked: str | None, kept: str | None, accepted: str, language: str
) -> None:
    assert words.choose(asked, kept, accepted) == language
