"""docs/api.md names every problem and every result code, as they are."""

import re
from pathlib import Path

from yunxin.dialects.problems import PROBLEMS
from yunxin.dialects.ronghe import MESSAGES, ResultCode

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def test_every_problem_is_documented() -> None:
    said = set(re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE.read_text(), re.M))
    assert said == {(problem.code, str(problem.status)) for problem in PROBLEMS.values()}


def test_every_result_code_is_documented() -> None:
    said = set(re.findall(r"^\| (\d+) \| `(\w+)` \| (.*?) \|", PAGE.read_text(), re.M))
    assert said == {(str(int(code)), code.name, MESSAGES[code]) for code in ResultCode}
