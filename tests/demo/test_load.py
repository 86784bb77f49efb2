"""The demo is made once, its accounts agree, and it is never made in production."""

import json
import os
import subprocess
import sys

import psycopg

from yunxin.engine.reconcile import disagreements


def load(database: str, *, demo: str = "true") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "yunxin", "manage", "loaddemo", "--smpp-port", "2775"]
    environment = os.environ | {
        "DATABASE_URL": database,
        "YUNXIN_DEMO": demo,
        "YUNXIN_SECRET_KEY": "a key of the tests that is long enough for its purpose here",
        "DJANGO_SETTINGS_MODULE": "yunxin.settings",
    }
    return subprocess.run(
        [*command, "--json"], env=environment, capture_output=True, text=True, check=False
    )


def counts(database: str) -> tuple[int, ...]:
    tables = ("accounts_user", "content_template", "message", "campaigns_campaign")
    with psycopg.connect(database) as connection:
        return tuple(
            connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()[0]
            for table in tables
        )


def test_the_demo_is_made_once_and_its_accounts_agree(database: str) -> None:
    first = load(database)
    assert first.returncode == 0, first.stderr
    made = counts(database)
    assert min(made) > 5
    assert made[2] > 10_000
    assert disagreements(database) == []

    again = load(database)
    assert again.returncode == 0, again.stderr
    assert counts(database) == made
    logins = json.loads(again.stdout.splitlines()[-1])["logins"]
    assert {"operator", "yunqi", "jincheng"} <= {login["username"] for login in logins}


def test_without_demo_mode_nothing_is_made(database: str) -> None:
    refused = load(database, demo="false")
    assert refused.returncode != 0
    assert "only for" in refused.stderr
    assert counts(database)[0] == 0
