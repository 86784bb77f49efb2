"""Lock files pin by hash and name no host; every dependency has its reason in docs/why.md."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def names(path: Path) -> list[str]:
    """Packages that a requirements/*.in asks for."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [re.split(r"[\[~=<>;]", line)[0] for line in lines if line and not line.startswith("-")]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_python_packages_are_pinned_by_hash_from_anywhere(path):
    text = path.read_text()
    assert "://" not in text
    assert "index" not in text
    blocks = re.split(r"\n(?=\S)", text.strip())
    packages = [block for block in blocks if "==" in block]
    assert packages
    assert all("--hash=sha256:" in block for block in packages)


def test_npm_packages_are_pinned_by_hash_from_anywhere():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for package in packages.values())


def test_npm_packages_are_asked_for_exactly():
    asked = json.loads((ROOT / "package.json").read_text())
    versions = asked["dependencies"] | asked["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values()), versions


def test_the_locks_hold_what_is_asked_for():
    for source in (ROOT / "requirements").glob("*.in"):
        locked = source.with_suffix(".txt").read_text()
        for name in names(source):
            assert re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE), f"make lock: {name}"


def test_every_dependency_has_its_reason():
    page = (ROOT / "docs" / "why.md").read_text()
    python = names(ROOT / "requirements" / "runtime.in")
    asked = json.loads((ROOT / "package.json").read_text())
    npm = [*asked["dependencies"], *asked["devDependencies"]]
    missing = [
        name
        for name in [*python, *npm]
        if not re.search(rf"\b{re.escape(name.lstrip('@'))}\b", page)
    ]
    assert not missing
