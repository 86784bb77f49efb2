"""The client's own wheel holds what it needs and nothing of the platform's."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.client.conftest import KEY
from tests.client.server import Reply, Server

PROJECT = Path(__file__).resolve().parents[2] / "clients" / "python"
SOURCE = PROJECT.parent.parent / "src" / "yunxin"
USE = """
import sys
import yunxin.client as client
from yunxin.client import ronghe, webhooks
assert {folder!r} in client.__file__, client.__file__
with client.Client({url!r}, {key!r}) as sms:
    print(sms.send("12", "13800000000", ["1234"]).messages[0].id)
unwanted = [name for name in sys.modules if name.split(".")[0] in ("django", "psycopg")]
assert not unwanted, unwanted
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make client` does, without reaching for the network."""
    out = tmp_path_factory.mktemp("wheel")
    # A build leaves things where it works, so it works on a copy of the checkout.
    root = tmp_path_factory.mktemp("project")
    place = root / "clients" / "python"
    shutil.copytree(PROJECT, place)
    shutil.copytree(SOURCE, root / "src" / "yunxin", ignore=shutil.ignore_patterns("*.mo"))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--no-index", "-w", out, place], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("yunxin_client-*.whl")
    return built


def test_it_holds_the_client_and_the_words_of_the_interfaces(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    packages = {name.rpartition("/")[0] for name in names if name.endswith(".py")}
    assert packages == {"yunxin", "yunxin/client", "yunxin/dialects"}
    assert {"yunxin/client/py.typed", "yunxin/dialects/py.typed"} < set(names)
    assert {name for name in names if name.count("/") == 1 and name.endswith(".py")} == {
        "yunxin/__init__.py",
        "yunxin/vocabulary.py",
    }


def test_it_works_where_there_is_no_platform(wheel: Path, tmp_path: Path, server: Server) -> None:
    folder = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(folder)
    answer = {"phone": "13800000000", "id": "71", "segments": 1}
    server.replies = [
        Reply(200, {"task": "C1", "accepted": 1, "refused": 0, "segments": 1, "messages": [answer]})
    ]
    script = USE.format(folder=str(folder), url=server.url, key=KEY)
    # The folder goes before everything: where the platform is installed, it must not answer.
    script = f"import sys; sys.path.insert(0, {str(folder)!r})\n{script}"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "71"
