"""The command line of the simulator."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from yunxin.protocols.session import Limits
from yunxin.simulator.behaviour import Behaviour, BehaviourInvalid
from yunxin.simulator.clients import Account
from yunxin.simulator.service import account_of, behaviour_of, doors_of, parse


def test_knobs_come_from_a_file_and_single_ones_go_over_it(tmp_path: Path) -> None:
    path = tmp_path / "behaviour.toml"
    path.write_text("failure_rate = 0.05\nlost_rate = 0.5\n")
    options = parse(["--behaviour", str(path), "--set", "lost_rate=0.01", "--set", "magic=false"])
    expected = Behaviour(failure_rate=0.05, lost_rate=0.01, magic=False)
    assert behaviour_of(options) == expected


@pytest.mark.parametrize("assignment", ["lost_rate", "lost_rate=much", "nothing=1"])
def test_a_wrong_knob_is_refused(assignment: str) -> None:
    with pytest.raises(BehaviourInvalid):
        behaviour_of(parse(["--set", assignment]))


def test_an_account_is_written_with_a_colon() -> None:
    assert account_of("demo:se:cret") == Account("demo", "se:cret")
    for text in ("demo", ":secret", "demo:"):
        with pytest.raises(ValueError, match="ID:PASSWORD"):
            account_of(text)


def test_cmpp_is_spoken_where_a_port_is_given_for_it() -> None:
    assert doors_of(parse([])) == {}
    doors = doors_of(parse(["--cmpp-port", "0"]))
    assert [(gateway.name, port) for gateway, port in doors.items()] == [("cmpp", 0)]


def test_sgip_and_smgp_are_spoken_where_ports_are_given_for_them() -> None:
    options = parse(
        ["--sgip-port", "0", "--sgip-deliver-to", "127.0.0.1:8801", "--smgp-port", "8890"]
    )
    doors = {gateway.name: (gateway, port) for gateway, port in doors_of(options).items()}
    assert {name: port for name, (_, port) in doors.items()} == {"sgip": 0, "smgp": 8890}
    call = doors["sgip"][0].call(Limits())
    assert call is not None
    assert (call.host, call.port) == ("127.0.0.1", 8801)
    assert doors["smgp"][0].call(Limits()) is None


@pytest.mark.parametrize("text", ["8801", ":8801", "localhost:", "localhost:x", "localhost:70000"])
def test_an_address_is_written_with_a_colon(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--sgip-deliver-to", text])
    assert "HOST:PORT" in capsys.readouterr().err


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "yunxin", "simulator", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def answers(url: str) -> httpx.Response | None:
    try:
        return httpx.get(url, trust_env=False, timeout=5)
    except httpx.TransportError:
        return None


def test_it_runs_until_it_is_told_to_stop() -> None:
    smpp, http = free_ports()
    process = start("--smpp-port", str(smpp), "--http-port", str(http), "--seed", "7")
    try:
        for _ in range(400):
            counts = answers(f"http://127.0.0.1:{http}/simulator/api/counts")
            if counts is not None:
                break
            time.sleep(0.05)
        assert counts is not None
        assert counts.json()["seed"] == 7
        with socket.create_connection(("127.0.0.1", smpp), timeout=5):
            pass
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said


def test_a_port_that_is_taken_is_said_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("--smpp-port", str(taken.getsockname()[1]))
        _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert said.splitlines()[-1].startswith("yunxin simulator: it cannot listen:")
