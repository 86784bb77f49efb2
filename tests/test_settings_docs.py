"""docs/settings.md says of every setting what config.py says, and nothing else."""

import re
from dataclasses import fields
from pathlib import Path

from yunxin.config import Config, default_text, env_name

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
ROW = re.compile(
    r"^\| `(?P<name>\w+)` \| (?P<unit>.*?) \| (?P<default>.*?) \| (?P<sentence>.*?) \|$"
)


def documented() -> dict[str, tuple[str, str, str]]:
    rows = [ROW.match(line) for line in PAGE.read_text().splitlines()]
    return {row["name"]: (row["unit"], row["default"], row["sentence"]) for row in rows if row}


def declared() -> dict[str, tuple[str, str, str]]:
    return {
        env_name(field): (
            field.metadata["unit"],
            default_shown(field),
            field.metadata["sentence"],
        )
        for field in fields(Config)
    }


def default_shown(field) -> str:
    text = default_text(field)
    if field.name == "static_root":
        return "`static-root` in the checkout"
    return f"`{text}`" if text else "empty"


def test_every_setting_is_documented_as_it_is():
    said, meant = documented(), declared()
    missing = "\n".join(
        f"| `{name}` | {unit} | {default} | {sentence} |"
        for name, (unit, default, sentence) in meant.items()
        if said.get(name) != (unit, default, sentence)
    )
    assert not missing, f"docs/settings.md needs these rows:\n{missing}"


def test_nothing_is_documented_that_does_not_exist():
    assert set(documented()) <= set(declared())
