"""The command line says what it can do, and what it lacks, in words."""

import os
import subprocess
import sys

import pytest

from yunxin import __main__ as program


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    own = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | environment
    command = [sys.executable, "-m", "yunxin", *arguments]
    return subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=60)


def test_without_a_command_it_lists_them(capsys):
    assert program.main([]) == program.USAGE_ERROR
    said = capsys.readouterr().err
    assert all(name in said for name in program.COMMANDS)


def test_help_is_no_error(capsys):
    assert program.main(["--help"]) == 0
    assert "up" in capsys.readouterr().out


def test_it_says_its_version():
    assert run("version").stdout.count(".") == 2


@pytest.mark.parametrize("command", ["web", "jobs", "engine", "api", "smpp"])
def test_a_program_without_a_database_says_what_to_set(command, tmp_path):
    done = run(command, YUNXIN_DATA=str(tmp_path))
    assert done.returncode == program.USAGE_ERROR
    assert "Set DATABASE_URL and YUNXIN_SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_management_command_without_a_database_says_so(tmp_path):
    done = run("manage", "showmigrations", DATABASE_URL=f"postgresql:///none?host={tmp_path}")
    assert done.returncode == 1
    assert "The database cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_misspelt_setting_ends_it_at_once():
    done = run("version", YUNXIN_DEBIG="1")
    assert done.returncode == program.USAGE_ERROR
    assert "YUNXIN_DEBIG is not a setting" in done.stderr


def test_the_engines_process_holds_no_django():
    script = "import sys, yunxin.__main__, yunxin.logs; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
