from typing import Any

import pytest

from yunxin.engine import outcomes
from yunxin.engine.accounts.smpp import SmppAccount
from yunxin.engine.outcomes import ATTEMPTS_MAX, RETRY_AFTER_S, in_doubt, ruled
from yunxin.protocols.events import Retry
from yunxin.protocols.smpp.status import STATUSES, Code, explain
from yunxin.text.codes import Meaning
from yunxin.vocabulary import CodeGroup, InDoubtPolicy, MessageEventKind, MessageState

THROTTLES = {Code.RTHROTTLED, Code.RMSGQFUL}
TEMPORARY = {Code.RSYSERR, Code.RX_T_APPN, Code.RINVBNDSTS}
PERMANENT = set(STATUSES) - THROTTLES - TEMPORARY - {Code.ROK}


def refused(status: int, **known: Any) -> outcomes.Verdict:
    """What becomes of a message that an SMPP carrier refused."""
    hopeless = status in SmppAccount.hopeless
    return outcomes.refused(explain(status), hopeless=hopeless, **known)


@pytest.mark.parametrize("status", sorted(THROTTLES))
def test_too_fast_is_nobodys_fault(status: int) -> None:
    for attempt in range(20):
        verdict = refused(status, attempt=attempt, another=False)
        assert verdict.state is None and not verdict.burns and not verdict.events
        assert verdict.after_s > 0 and not verdict.avoid
        other = refused(status, attempt=attempt, another=True)
        assert other.state is None and not other.burns and other.after_s == 0
        assert other.avoid and other.events == (MessageEventKind.RETRY,)


@pytest.mark.parametrize("status", sorted(TEMPORARY))
def test_a_refusal_for_now_is_tried_again_later_and_later(status: int) -> None:
    waits = [refused(status, attempt=n, another=False).after_s for n in range(ATTEMPTS_MAX - 1)]
    assert waits == list(RETRY_AFTER_S)
    last = refused(status, attempt=ATTEMPTS_MAX - 1, another=False)
    assert last.state is MessageState.FAILED


@pytest.mark.parametrize("status", sorted(PERMANENT))
def test_a_refusal_for_good_fails_with_the_carriers_word(status: int) -> None:
    verdict = refused(status, attempt=0, another=False)
    assert verdict.state is MessageState.FAILED
    assert verdict.code == STATUSES[status].name
    assert verdict.events == (MessageEventKind.REFUSED,)


def test_a_code_that_nobody_knows_is_kept() -> None:
    verdict = refused(0x0401, attempt=0, another=False)
    assert (verdict.state, verdict.code) == (MessageState.FAILED, "0x00000401")


def test_another_channel_is_tried_at_once_before_a_message_fails() -> None:
    verdict = refused(Code.RSUBMITFAIL, attempt=0, another=True)
    assert verdict.state is None and verdict.avoid and verdict.after_s == 0 and verdict.burns == 1
    assert verdict.events == (MessageEventKind.RETRY,)
    last = refused(Code.RSUBMITFAIL, attempt=ATTEMPTS_MAX - 1, another=True)
    assert last.state is MessageState.FAILED


def test_what_is_the_numbers_fault_is_not_tried_elsewhere() -> None:
    assert refused(Code.RINVDSTADR, attempt=0, another=True).state is MessageState.FAILED


def test_a_text_of_which_parts_are_out_is_not_sent_again() -> None:
    verdict = refused(Code.RSYSERR, attempt=0, another=True, may_repeat=False)
    assert verdict.state is MessageState.FAILED


def test_doubt_is_resent_or_closed_by_the_policy() -> None:
    again = in_doubt(InDoubtPolicy.RESEND, attempt=0, why=MessageEventKind.IN_DOUBT)
    assert again.state is None and again.burns == 1
    assert again.events == (MessageEventKind.IN_DOUBT, MessageEventKind.SENT_AGAIN)
    closed = in_doubt(InDoubtPolicy.UNKNOWN, attempt=0, why=MessageEventKind.IN_DOUBT)
    assert closed.state is MessageState.UNKNOWN
    assert closed.events == (MessageEventKind.IN_DOUBT,)


def test_silence_is_noted_as_what_it_was() -> None:
    verdict = in_doubt(InDoubtPolicy.UNKNOWN, attempt=0, why=MessageEventKind.UNANSWERED)
    assert verdict.events == (MessageEventKind.UNANSWERED, MessageEventKind.IN_DOUBT)


def test_doubt_does_not_go_on_for_ever() -> None:
    last = in_doubt(InDoubtPolicy.RESEND, attempt=ATTEMPTS_MAX - 1, why=MessageEventKind.UNANSWERED)
    assert last.state is MessageState.UNKNOWN


@pytest.mark.parametrize("status", [Code.RSYSERR, Code.RSUBMITFAIL, 0x0401])
def test_a_refusal_of_the_second_try_says_nothing_of_the_first(status: int) -> None:
    last = {"attempt": ATTEMPTS_MAX - 1, "another": False}
    verdict = refused(status, **last, was_in_doubt=True)
    assert verdict.state is MessageState.UNKNOWN
    assert verdict.events == (MessageEventKind.REFUSED,)
    assert verdict.code == refused(status, **last).code, "the carrier's word is kept"
    assert refused(status, **last).state is MessageState.FAILED


def test_a_number_that_does_not_exist_did_not_get_the_first_try_either() -> None:
    verdict = refused(Code.RINVDSTADR, attempt=1, another=True, was_in_doubt=True)
    assert verdict.state is MessageState.FAILED


@pytest.mark.parametrize("verdict", [outcomes.BLOCKED, outcomes.WITHDRAWN])
def test_what_was_in_doubt_is_not_called_cancelled(verdict: outcomes.Verdict) -> None:
    assert outcomes.kept_back(verdict, was_in_doubt=False) is verdict
    doubtful = outcomes.kept_back(verdict, was_in_doubt=True)
    assert (doubtful.state, doubtful.code) == (MessageState.UNKNOWN, outcomes.NO_ANSWER)
    assert doubtful.events == (MessageEventKind.WITHDRAWN,)


def test_verdicts_without_a_carrier() -> None:
    assert outcomes.SENT.sent and outcomes.SENT.state is None
    assert outcomes.Verdict() == outcomes.UNSENT
    assert outcomes.BLOCKED.state is MessageState.CANCELLED


def decided(*, permanent: bool, group: CodeGroup = CodeGroup.CARRIER) -> Meaning:
    return Meaning(group, permanent, "", "", decides=True)


def test_without_a_decision_of_operators_the_protocols_word_stays() -> None:
    for status in STATUSES.values():
        assert ruled(status, True, None) == (status, True)


def test_what_operators_call_permanent_is_not_tried_again_by_the_channel() -> None:
    status, hopeless = ruled(explain(Code.RSYSERR), False, decided(permanent=True))
    assert (status.retry, hopeless) == (Retry.PERMANENT, False)
    elsewhere = outcomes.refused(status, attempt=0, another=True, hopeless=hopeless)
    assert elsewhere.state is None and elsewhere.avoid  # another carrier may take it
    nowhere = outcomes.refused(status, attempt=0, another=False, hopeless=hopeless)
    assert nowhere.state is MessageState.FAILED
    blamed = decided(permanent=True, group=CodeGroup.NUMBER)
    assert ruled(explain(Code.RSYSERR), False, blamed)[1]


def test_what_operators_call_temporary_is_tried_again_and_ends_some_time() -> None:
    status, hopeless = ruled(explain(Code.RINVDSTADR), True, decided(permanent=False))
    assert (status.retry, hopeless) == (Retry.TEMPORARY, False)
    first = outcomes.refused(status, attempt=0, another=False, hopeless=hopeless)
    assert first.state is None and first.after_s == RETRY_AFTER_S[0]
    last = outcomes.refused(status, attempt=ATTEMPTS_MAX - 1, another=False, hopeless=hopeless)
    assert last.state is MessageState.FAILED


def test_too_fast_stays_too_fast_where_operators_call_it_temporary() -> None:
    status, _ = ruled(explain(Code.RTHROTTLED), False, decided(permanent=False))
    assert status.retry is Retry.THROTTLE
