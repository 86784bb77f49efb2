"""Log lines of ours and of other packages come out alike, as JSON or for people."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import logging, structlog
from yunxin import logs
from yunxin.config import Config
logs.configure(Config(log_format={format!r}, log_level="info"), "engine")
structlog.get_logger().info("link.bound", channel=7, name="移动")
logging.getLogger("other").warning("not %s", "ours")
structlog.get_logger().debug("left out")
password = "not for the log"
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger().exception("broken")
"""


def lines(format: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(format=format)],
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_each_line_is_one_json_object():
    ours, other, broken = (json.loads(line) for line in lines("json"))
    assert ours["event"] == "link.bound"
    assert (ours["channel"], ours["name"]) == (7, "移动")
    assert (ours["program"], ours["level"]) == ("engine", "info")
    assert ours["timestamp"].endswith("Z")
    assert (other["event"], other["level"], other["program"]) == ("not ours", "warning", "engine")
    assert "ZeroDivisionError" in json.dumps(broken)


def test_people_can_read_the_other_shape():
    said = "\n".join(lines("console"))
    assert "link.bound" in said
    assert "channel=7" in said
    assert "left out" not in said


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_traceback_says_where_and_never_with_which_values(format: str):
    said = "\n".join(lines(format))
    assert "ZeroDivisionError" in said
    assert "not for the log" not in said


def test_of_background_jobs_only_failures_are_told():
    """A job that fails is tried again minutes later: nobody would know why it takes so long."""
    script = SCRIPT.format(format="json") + (
        "jobs = logging.getLogger('procrastinate.worker.jobs')\n"
        "jobs.info('started', extra={'action': 'start_job'})\n"
        "jobs.info('to retry', extra={'action': 'job_error_retry'}, exc_info=ValueError('why'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    )
    told = done.stderr.splitlines()[3:]
    assert [json.loads(line)["event"] for line in told] == ["to retry"]
    assert "ValueError" in told[0]
