"""The scripts can be read by bash, name no registry, and say how to use them."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = [ROOT / ".ci" / "run", *sorted(p for p in (ROOT / "scripts").iterdir() if p.is_file())]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_bash_can_read_it(path):
    subprocess.run(["bash", "-n", str(path)], check=True)


@pytest.mark.parametrize("name", ["scripts/up", "scripts/test", "scripts/bench", "scripts/setup"])
def test_it_can_be_run(name):
    assert os.access(ROOT / name, os.X_OK)


def test_ci_runs_the_tests_and_nothing_else_of_substance():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set "))]
    assert len(commands) == 1
    assert commands[0].endswith('/../scripts/test"')


@pytest.mark.parametrize("arguments", [[], ["nonsense"]])
def test_bench_lists_the_benchmarks_when_it_knows_none_of_that_name(arguments):
    done = subprocess.run(
        [str(ROOT / "scripts" / "bench"), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: scripts/bench NAME")
    for path in (ROOT / "bench").glob("[a-z]*.py"):
        assert path.stem in done.stderr


def test_no_script_names_a_package_registry():
    for path in [*SCRIPTS, ROOT / "Makefile", ROOT / ".npmrc"]:
        assert "://" not in path.read_text(), path
