"""The demo is made once, its accounts agree, and it is never made in production."""

import json
import os
import subprocess
import sys

import psycopg

from yunxin.dialects import keys
from yunxin.engine.reconcile import disagreements
from yunxin.sealing import unseal

SECRET_KEY = "a key of the tests that is long enough for its purpose here"


def load(database: str, *, demo: str = "true") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "yunxin", "manage", "loaddemo", "--smpp-port", "2775"]
    command += ["--cmpp-port", "7890", "--sgip-port", "8801", "--sgip-deliver-port", "8802"]
    command += ["--smgp-port", "8890"]
    environment = os.environ | {
        "DATABASE_URL": database,
        "YUNXIN_DEMO": demo,
        "YUNXIN_SECRET_KEY": SECRET_KEY,
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
    assert_the_keys_are_known_again(database, first.stdout, again.stdout)


def assert_the_keys_are_known_again(database: str, first: str, again: str) -> None:
    api = json.loads(again.splitlines()[-1])["api"]
    assert api == json.loads(first.splitlines()[-1])["api"]
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT c.kind, c.key_id, c.secret_hash, c.sealed, c.scopes FROM interfaces_credential"
            " c JOIN accounts_enterprise e ON e.id = c.enterprise_id AND e.cpcode = %s"
            " ORDER BY c.kind",
            (api["cpcode"],),
        ).fetchall()
        networks = connection.execute(
            "SELECT network FROM interfaces_allowednetwork WHERE state = 'approved' ORDER BY 1"
        ).fetchall()
    ronghe, v1 = rows
    assert unseal(SECRET_KEY, ronghe[3]) == api["access_key"]
    assert (v1[1], v1[2]) == (keys.key_id_of(api["v1_key"]), keys.hash_of(api["v1_key"]))
    assert unseal(SECRET_KEY, v1[3]) == keys.signing_key(api["v1_key"])
    assert "messages:send" in v1[4]
    assert api["template"].isdigit()
    assert networks == [("127.0.0.1/32",), ("::1/128",)]


def test_a_key_that_was_disabled_stays_so(database: str) -> None:
    assert load(database).returncode == 0
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE interfaces_credential SET disabled_at = now()")
    api = json.loads(load(database).stdout.splitlines()[-1])["api"]
    assert (api["access_key"], api["v1_key"]) == ("", "")


def test_without_demo_mode_nothing_is_made(database: str) -> None:
    refused = load(database, demo="false")
    assert refused.returncode != 0
    assert "only for" in refused.stderr
    assert counts(database)[0] == 0
