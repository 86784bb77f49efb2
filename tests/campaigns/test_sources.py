"""What fills variables: guesses by their names, and whether everything is said."""

import pytest

from yunxin.campaigns import labels, sources
from yunxin.campaigns.sources import Source


def test_every_source_has_a_column_and_a_name():
    assert set(sources.COLUMNS) == set(labels.SOURCES) == set(Source)


@pytest.mark.parametrize(
    ("variable", "source"),
    [("姓名", Source.NAME), ("称呼", Source.SALUTATION), ("单号", Source.TEXT), ("", Source.TEXT)],
)
def test_the_first_choice_is_a_guess(variable, source):
    assert sources.guess(variable) == source


@pytest.mark.parametrize(
    ("wanted", "given", "texts", "fits"),
    [
        (0, [], [], True),
        (1, ["name"], [""], True),
        (1, ["text"], ["a"], True),
        (1, ["text"], [""], False),
        (1, [], ["a"], False),
        (2, ["name"], ["a"], False),
        (2, ["name", "text"], ["", "a"], True),
    ],
)
def test_what_fits_a_template(wanted, given, texts, fits):
    assert sources.fit(wanted, given, texts) is fits
