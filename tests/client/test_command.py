"""`yunxin send` sends, says what became of it, and never tells the key."""

import json
import os
import subprocess
import sys

import pytest

from tests.client.conftest import KEY
from tests.client.server import Reply, Server

SENT = {
    "task": "C1",
    "accepted": 1,
    "refused": 0,
    "segments": 1,
    "messages": [{"phone": "13800000000", "id": "71", "segments": 1}],
}
REFUSED = SENT | {
    "accepted": 0,
    "refused": 1,
    "messages": [
        {"phone": "1380", "refusal": {"code": "phone_invalid", "detail": "", "message": "No."}}
    ],
}
WORDS = ("--template", "12", "--to", "13800000000", "--param", "1234")


def run(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    own = {k: v for k, v in os.environ.items() if not k.startswith("YUNXIN_")} | environment
    return subprocess.run(
        [sys.executable, "-m", "yunxin", "send", *words],
        env=own,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_sends_with_address_and_key_of_the_environment(server: Server) -> None:
    server.replies = [Reply(200, SENT)]
    done = run(*WORDS, YUNXIN_CLIENT_URL=server.url, YUNXIN_CLIENT_KEY=KEY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "13800000000  accepted 71, 1 segments\n"
    assert server.asked[0].json["parameters"] == ["1234"]
    assert KEY not in done.stdout


def test_a_refused_recipient_is_told_by_the_exit_code_too(server: Server) -> None:
    server.replies = [Reply(200, REFUSED)]
    done = run(*WORDS, "--url", server.url, "--key", KEY)
    assert done.returncode == 1
    assert "refused  phone_invalid: No." in done.stdout


def test_the_whole_answer_can_be_had(server: Server) -> None:
    server.replies = [Reply(200, SENT)]
    done = run(*WORDS, "--json", "--url", server.url, "--key", KEY)
    assert json.loads(done.stdout)["messages"][0]["id"] == "71"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "YUNXIN_CLIENT_URL and YUNXIN_CLIENT_KEY"),
        ({"YUNXIN_CLIENT_KEY": "secret-of-mine"}, "YUNXIN_CLIENT_URL"),
        (
            {"YUNXIN_CLIENT_URL": "http://127.0.0.1:1", "YUNXIN_CLIENT_KEY": "secret-of-mine"},
            "begins with yx_live_",
        ),
    ],
)
def test_what_is_missing_is_named_and_the_key_is_not(given: dict[str, str], said: str) -> None:
    done = run(*WORDS, **given)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret-of-mine" not in done.stderr + done.stdout


def test_a_problem_is_one_line(server: Server) -> None:
    server.replies = [Reply(403, {"code": "scope_missing", "detail": "This key may not send."})]
    done = run(*WORDS, "--url", server.url, "--key", KEY)
    assert (done.returncode, done.stderr) == (1, "scope_missing: This key may not send.\n")
