"""Each refusal has a status, and the document shows the same table."""

import re
from pathlib import Path

from yunxin.protocols.smpp.status import Code
from yunxin.smpp import statuses
from yunxin.vocabulary import Refusal, SmppBindRefusal

DOCUMENT = (Path(__file__).parents[2] / "docs" / "smpp-server.md").read_text(encoding="utf-8")


def test_every_refusal_has_a_status():
    assert set(statuses.OF_REFUSAL) == set(Refusal)
    assert set(statuses.OF_BIND) == set(SmppBindRefusal)
    assert all(statuses.OF_REFUSAL.values())
    assert all(statuses.OF_BIND.values())


def test_our_own_statuses_are_in_the_range_that_is_ours():
    known = set(map(int, Code))
    own = {status for status in statuses.OF_REFUSAL.values() if status not in known}
    assert own
    assert all(0x0400 <= status <= 0x04FF for status in own)


def test_the_document_lists_every_status_that_is_answered():
    listed = {int(number, 16) for number in re.findall(r"^\| 0x([0-9A-F]{4}) ", DOCUMENT, re.M)}
    answered = {int(s) for s in (*statuses.OF_REFUSAL.values(), *statuses.OF_BIND.values())}
    source = "".join(
        (Path(statuses.__file__).parent / name).read_text(encoding="utf-8")
        for name in ("reading.py", "intake.py", "parts.py", "questions.py", "server.py")
    )
    answered |= {int(Code[name]) for name in re.findall(r"Code\.(R[A-Z]+)", source)} - {0}
    answered |= {int(statuses.UNKNOWN_ACCOUNT)}
    assert answered - listed == set()
