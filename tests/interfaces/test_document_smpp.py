"""The chapter on SMPP says what the server really answers."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from yunxin.interfaces import document
from yunxin.interfaces.document_smpp import BIND_STATUSES, SUBMIT_STATUSES, WORDS
from yunxin.protocols.smpp import receipts
from yunxin.protocols.smpp.status import Code
from yunxin.smpp import deliveries, letters, statuses
from yunxin.vocabulary import MessageState

ROOT = Path(__file__).parents[2]


def test_every_status_of_a_bind_is_documented() -> None:
    answered = {*statuses.OF_BIND.values(), statuses.UNKNOWN_ACCOUNT}
    assert {row.number for row in BIND_STATUSES} == answered


def test_every_status_of_a_refusal_is_documented() -> None:
    told = {row.number for row in SUBMIT_STATUSES}
    assert set(statuses.OF_REFUSAL.values()) <= told
    own = {number for number in told if number >= 0x0400}
    assert own == {number for number in statuses.OF_REFUSAL.values() if number >= 0x0400}


@pytest.mark.parametrize("row", [*BIND_STATUSES, *SUBMIT_STATUSES], ids=lambda row: row.shown)
def test_names_are_those_of_the_specification(row: Any) -> None:
    assert row.name == (Code(row.number).name if row.number < 0x0400 else "")


def test_the_developers_guide_knows_the_same_statuses() -> None:
    guide = (ROOT / "docs" / "smpp-server.md").read_text("utf-8")
    told = {int(number, 16) for number in re.findall(r"^\| (0x[0-9A-F]{4}) \|", guide, re.M)}
    only_of_systems = {Code.RX_T_APPN, Code.RX_P_APPN, Code.RX_R_APPN}
    shown = {row.number for row in (*BIND_STATUSES, *SUBMIT_STATUSES)} - {Code.ROK}
    assert shown == told - only_of_systems


def test_the_words_are_those_of_receipts() -> None:
    assert {row.stat for row in WORDS} == {*statuses.WORDS.values(), deliveries.REJECTED}
    assert all(receipts.STATE_NUMBERS[row.stat] == row.state for row in WORDS)
    assert statuses.word_of(MessageState.DELIVERED, None) == WORDS[0].stat


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_both_languages_tell_it(acme: Any, language: str, settings: Any) -> None:
    with translation.override(language):
        text = document.body_of(language, acme)
    for row in (*BIND_STATUSES, *SUBMIT_STATUSES):
        assert f'id="smpp-status-{row.number}"' in text
    assert f"0x{letters.CARRIER_CODE:04X}" in text
    assert "smsc-username = YOUR_SYSTEM_ID" in text
