"""Initials of Chinese names, by which people look one another up: 张三丰 is found by zsf.

The readings are pypinyin's table of single characters. Its package is not imported: that would
cost each process 57 MB and a second for phrases that names do not need.
"""

import json
import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

# Read otherwise as a surname than in most words. Source: common usage of surnames.
SURNAMES = {
    "万俟": "mq",
    "尉迟": "yc",
    "澹台": "tt",
    "单": "s",
    "曾": "z",
    "解": "x",
    "仇": "q",
    "区": "o",
    "查": "z",
    "翟": "z",
    "种": "c",
    "重": "c",
    "繁": "p",
    "覃": "q",
    "折": "s",
    "召": "s",
    "乐": "y",
    "秘": "b",
    "祭": "z",
    "藏": "z",
    "佴": "n",
    "厘": "x",
}
_SURNAME_LENGTH_MAX = 2


def initials(name: str) -> str:
    """The first letter of each character's reading, lower case; letters and digits stay.

    `张三 Amy` becomes `zsamy`. Signs, spaces and characters without a reading are left out, so
    the result is never longer than the name.
    """
    compact = "".join(name.split())
    for length in range(_SURNAME_LENGTH_MAX, 0, -1):
        surname = SURNAMES.get(compact[:length])
        if surname is not None and len(compact) >= length:
            return surname + _letters(compact[length:])
    return _letters(compact)


def _letters(text: str) -> str:
    return "".join([_letter(character) for character in text])


@lru_cache(maxsize=8192)  # as many different characters stand in the names of a large city
def _letter(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    reading = _readings().get(character)
    if reading is not None:
        return reading
    # Accents and full-width forms: é is e, Ａ is a.
    plain = unicodedata.normalize("NFKD", character)[:1]
    return plain.lower() if plain.isascii() and plain.isalnum() else ""


@lru_cache(maxsize=1)
def _readings() -> dict[str, str]:
    """Character → first letter of its most common reading; about 42,000 of them, 4 MB."""
    spec = find_spec("pypinyin")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("pypinyin is missing; run scripts/setup.")
    path = Path(spec.submodule_search_locations[0]) / "pinyin_dict.json"
    table: dict[str, str] = json.loads(path.read_text("utf-8"))
    letters = {}
    for code, readings in table.items():
        first = unicodedata.normalize("NFD", readings)[:1].lower()
        if first.isascii() and first.isalpha():
            letters[chr(int(code))] = first
    return letters
