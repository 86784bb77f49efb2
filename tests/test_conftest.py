"""What the tests themselves must not do is refused before the first of them runs."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import refuse_emptying


def item(*marks: pytest.MarkDecorator, fixtures: tuple[str, ...] = ()) -> Any:
    """A test as far as the guard looks at it."""
    marker = next((mark.mark for mark in marks), None)
    return SimpleNamespace(
        nodeid="tests/a.py::test_b",
        fixturenames=("request", *fixtures),
        get_closest_marker=lambda name: marker,
    )


@pytest.mark.parametrize(
    "refused",
    [
        item(pytest.mark.django_db(transaction=True)),
        item(pytest.mark.django_db(True)),
        item(pytest.mark.django_db(reset_sequences=True)),
        item(fixtures=("transactional_db",)),
        item(fixtures=("live_server",)),
    ],
)
def test_a_test_that_empties_shared_tables_is_refused_by_name(refused: Any) -> None:
    with pytest.raises(pytest.UsageError, match="`committed`.*tests/a.py::test_b"):
        refuse_emptying([item(), refused])


def test_all_others_pass() -> None:
    refuse_emptying(
        [item(), item(pytest.mark.django_db), item(pytest.mark.django_db(transaction=False)),
         item(fixtures=("committed",))]
    )  # fmt: skip
