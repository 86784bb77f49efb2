"""Words of the SMPP server's accounts: each has a label."""

import pytest

from yunxin.interfaces import smpp_labels as labels
from yunxin.vocabulary import (
    SmppAlphabet,
    SmppBindRefusal,
    SmppReplies,
    SmppSessionMode,
    SmppSourceRule,
    SmppTextMode,
)


@pytest.mark.parametrize(
    ("words", "table"),
    [
        (SmppTextMode, labels.TEXT_MODES), (SmppSourceRule, labels.SOURCE_RULES),
        (SmppReplies, labels.REPLIES), (SmppAlphabet, labels.ALPHABETS),
        (SmppSessionMode, labels.SESSION_MODES), (SmppBindRefusal, labels.BIND_REFUSALS),
    ],
)  # fmt: skip
def test_every_word_has_a_label(words, table):
    assert set(words) == set(table)
