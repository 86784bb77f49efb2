"""The doctor names what is wrong, with the way out, and changes nothing."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.conftest import url_of
from yunxin import doctor
from yunxin.config import Config
from yunxin.doctor import Verdict

KEY = "k" * 60


def verdicts(findings) -> dict[str, Verdict]:
    """The worst verdict of each subject."""
    order = list(Verdict)
    worst: dict[str, Verdict] = {}
    for finding in findings:
        before = worst.get(finding.subject, Verdict.GOOD)
        worst[finding.subject] = max(before, finding.verdict, key=order.index)
    return worst


def run(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "yunxin", "doctor", "--data", str(folder)],
        env={k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_without_a_database_it_says_how_to_get_one(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 1
    assert "set DATABASE_URL" in done.stdout
    assert "to mend." in done.stdout


def test_a_database_that_does_not_answer_is_named(tmp_path):
    done = run(tmp_path, DATABASE_URL=f"postgresql:///none?host={tmp_path}")
    assert done.returncode == 1
    assert "It cannot be reached" in done.stdout
    assert "Traceback" not in done.stderr


def test_an_empty_database_needs_its_migrations(tmp_path, postgres):
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE doctor_empty")
    try:
        done = run(tmp_path, DATABASE_URL=url_of(postgres, "doctor_empty"))
        assert done.returncode == 1
        assert "migrations are not applied" in done.stdout
        assert "yunxin manage migrate" in done.stdout
        with psycopg.connect(url_of(postgres, "doctor_empty")) as connection:
            tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            assert connection.execute(tables).fetchone() == (0,), "it only looks"
    finally:
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute("DROP DATABASE doctor_empty WITH (FORCE)")


def test_a_working_platform_is_well(tmp_path, database):
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO engine_instance (id, node, host, pid, version, started_at, heartbeat_at)"
            " VALUES (1, 1, 'here', 1, '0', now(), now())"
        )
    done = run(tmp_path, DATABASE_URL=database, YUNXIN_SECRET_KEY=KEY)
    assert done.returncode == 0, done.stdout
    assert "All is well." in done.stdout


def test_engines_and_channels_are_looked_at(database):
    with psycopg.connect(database) as connection:
        assert verdicts(doctor._check_engines(connection)) == {"engine": Verdict.BAD}
        assert verdicts(doctor._check_channels(connection)) == {"channels": Verdict.WARNING}
        connection.execute(
            "INSERT INTO engine_instance (id, node, host, pid, version, started_at, heartbeat_at)"
            " VALUES (1, 1, 'here', 1, '0', now(), now() - interval '5 minutes')"
        )
        (finding,) = doctor._check_engines(connection)
        assert finding.verdict == Verdict.BAD
        assert "None is alive" in finding.seen


def test_a_database_that_only_reads_is_noticed(database):
    with psycopg.connect(database) as connection:
        assert verdicts(doctor._check_server(connection)) == {"database": Verdict.GOOD}
        connection.execute("SET TRANSACTION READ ONLY")
        assert verdicts(doctor._check_server(connection)) == {"database": Verdict.BAD}


def test_a_clock_that_is_off_is_noticed(database, monkeypatch):
    with psycopg.connect(database) as connection:
        assert verdicts(doctor._check_clock(connection)) == {"clock": Verdict.GOOD}
        now = doctor.time.time()
        monkeypatch.setattr(doctor.time, "time", lambda: now + 60)
        assert verdicts(doctor._check_clock(connection)) == {"clock": Verdict.BAD}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"secret_key": ""}, Verdict.BAD),
        ({"secret_key": "short"}, Verdict.BAD),
        ({"secret_key": KEY}, Verdict.GOOD),
    ],
)
def test_the_secret_key_is_looked_at(change, verdict):
    assert verdicts(doctor.check_secret_key(replace(Config(), **change))) == {"secret key": verdict}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"debug": True}, {"mode": Verdict.BAD}),
        ({"demo": True}, {}),
        ({"demo": True, "base_url": "https://sms.example"}, {"mode": Verdict.BAD}),
        ({"base_url": "http://sms.example"}, {"mode": Verdict.WARNING}),
        ({"base_url": "https://sms.example"}, {}),
    ],
)
def test_what_is_only_for_demos_is_noticed_in_production(change, expected):
    assert verdicts(doctor.check_mode(replace(Config(), **change))) == expected


def test_a_full_disk_is_noticed(monkeypatch, tmp_path):
    config = replace(Config(), data=tmp_path / "not" / "there" / "yet")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage._replace(free=1))
    assert verdicts(doctor.check_disk(config)) == {"disk": Verdict.BAD}


def test_translations_that_are_older_than_their_source_are_noticed(tmp_path, monkeypatch):
    source = tmp_path / "web" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.touch()
    monkeypatch.setattr(doctor, "PACKAGE", tmp_path)
    assert verdicts(doctor.check_translations(Config())) == {"translations": Verdict.BAD}
    source.with_suffix(".mo").touch()
    assert verdicts(doctor.check_translations(Config())) == {"translations": Verdict.GOOD}
