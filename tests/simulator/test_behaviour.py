"""What happens to a message is data, and the same seed brings the same."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.protocols.smpp.status import Code
from yunxin.simulator.behaviour import (
    MAGIC,
    Behaviour,
    BehaviourInvalid,
    Fate,
    Rule,
    decide,
    from_mapping,
    load,
)

QUIET = Behaviour(receipt_delay_s=0, receipt_jitter_s=0)
PHONE = "13800135678"


def test_without_knobs_everything_is_delivered_at_once() -> None:
    fate, answer_s, receipt_s = decide(QUIET, 1, PHONE, 7, 0)
    assert (fate, answer_s, receipt_s) == (Fate(), 0, 0)


@given(st.integers(0, 2**31), st.from_regex(r"1[3-9]\d{9}", fullmatch=True), st.integers(0, 9))
def test_the_same_seed_phone_and_attempt_bring_the_same_fate(
    seed: int, phone: str, attempt: int
) -> None:
    behaviour = Behaviour(
        refusal_rate=0.3, failure_rate=0.3, lost_rate=0.3, double_rate=0.3, early_rate=0.3
    )
    first = decide(behaviour, seed, phone, 99, attempt)
    assert first == decide(behaviour, seed, phone, 99, attempt)


@pytest.mark.parametrize(
    ("knob", "hit"),
    [
        ("refusal_rate", lambda d: d.fate.status == Code.RSUBMITFAIL),
        ("busy_rate", lambda d: d.fate.status == Code.RSYSERR),
        ("silence_rate", lambda d: d.fate.silent),
        ("failure_rate", lambda d: d.fate.stat == "UNDELIV"),
        ("lost_rate", lambda d: d.fate.receipts == 0),
        ("double_rate", lambda d: d.fate.receipts == 2),
        ("early_rate", lambda d: d.fate.early),
        ("late_rate", lambda d: d.receipt_delay_s == 10),
    ],
)
@pytest.mark.parametrize("rate", [0.0, 0.05, 0.5, 1.0])
def test_a_rate_is_met(knob: str, hit: object, rate: float) -> None:
    behaviour = from_mapping({knob: rate}, base=QUIET)
    many = 4_000
    hits = sum(hit(decide(behaviour, 3, f"138{n:04}5678", 5, 0)) for n in range(many))  # type: ignore[operator]
    # Five standard deviations; the seed is fixed, so this either always holds or never.
    assert abs(hits / many - rate) <= 5 * (rate * (1 - rate) / many) ** 0.5


def test_another_attempt_is_decided_anew() -> None:
    behaviour = from_mapping({"busy_rate": 0.5})
    fates = [decide(behaviour, 1, PHONE, 7, attempt).fate.status for attempt in range(50)]
    assert set(fates) == {0, Code.RSYSERR}


def test_times_keep_within_their_bounds() -> None:
    behaviour = Behaviour(
        answer_delay_s=1, answer_jitter_s=2, receipt_delay_s=10, receipt_jitter_s=5
    )
    for n in range(200):
        _, answer_s, receipt_s = decide(behaviour, 1, f"138{n:04}5678", 5, 0)
        assert 1 <= answer_s < 3
        assert 10 <= receipt_s < 15


@pytest.mark.parametrize("digits", MAGIC)
def test_a_magic_number_chooses_the_fate_whatever_the_rates(digits: str) -> None:
    behaviour = Behaviour(refusal_rate=1.0)
    assert decide(behaviour, 1, f"1380000{digits}", 7, 0).fate == MAGIC[digits].fate


def test_first_attempts_end() -> None:
    for attempt, status in enumerate([Code.RTHROTTLED, Code.RTHROTTLED, 0, 0]):
        assert decide(QUIET, 1, "13800000009", 7, attempt).fate.status == status


def test_magic_can_be_switched_off() -> None:
    behaviour = Behaviour(magic=False)
    assert decide(behaviour, 1, "13800000001", 7, 0).fate == Fate()


def test_a_rule_goes_before_magic() -> None:
    behaviour = Behaviour(rules=(Rule("^138", Fate(stat="EXPIRED")),))
    assert decide(behaviour, 1, "13800000001", 7, 0).fate.stat == "EXPIRED"
    assert decide(behaviour, 1, "13900000001", 7, 0).fate.status == Code.RINVDSTADR


@pytest.mark.parametrize(
    ("values", "knob"),
    [
        ({"refusal_rate": 2}, "refusal_rate"),
        ({"refusal_rate": "much"}, "refusal_rate"),
        ({"failure_stat": "no spaces"}, "failure_stat"),
        ({"answer_id": "octal"}, "answer_id"),
        ({"throttle_per_s": -1}, "throttle_per_s"),
        ({"refusal_rat": 0.5}, ""),
        ({"rules": [{"pattern": "(", "fate": {}}]}, ""),
        ({"rules": [{"pattern": "1", "fate": {"stat": ""}}]}, "rules"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, object], knob: str) -> None:
    with pytest.raises(BehaviourInvalid) as caught:
        from_mapping(values, base=QUIET)
    assert caught.value.knob == knob


def test_values_of_a_form_are_read_too() -> None:
    behaviour = from_mapping({"refusal_rate": "0.05", "shuffle": "true"}, QUIET, strict=False)
    assert (behaviour.refusal_rate, behaviour.shuffle) == (0.05, True)
    assert behaviour.receipt_delay_s == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.toml", 'failure_rate = 0.05\n[[rules]]\npattern = "7$"\nfate = {stat = "EXPIRED"}\n'),
        (
            "b.json",
            '{"failure_rate": 0.05, "rules": [{"pattern": "7$", "fate": {"stat": "EXPIRED"}}]}',
        ),
    ],
)
def test_a_behaviour_is_read_from_a_file(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    behaviour = load(path)
    assert behaviour.failure_rate == 0.05
    assert behaviour.rules == (Rule("7$", Fate(stat="EXPIRED")),)


@pytest.mark.parametrize(
    ("name", "content"), [("b.toml", "="), ("b.json", "["), ("b.json", "[]"), ("missing", None)]
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: str | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(BehaviourInvalid, match=name):
        load(path)


def test_every_magic_number_is_in_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    for digits, magic in MAGIC.items():
        assert f"| `{digits}` | {magic.about} |" in guide


def test_every_knob_is_in_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    for knob in Behaviour.__struct_fields__:
        assert f"`{knob}`" in guide
