"""Which codes teach that a number was ported."""

import pytest

from yunxin.engine.porting import PortingRules

RULES = PortingRules(
    [
        ("", "NP:*", "telecom"),
        ("", "NP:1243", "unicom"),
        ("smgp", "NP:1243", "mobile"),
        ("cmpp", "NP:12*", "broadnet"),
    ]
)


@pytest.mark.parametrize(
    ("code", "protocol", "carrier"),
    [
        ("NP:1243", "cmpp", "unicom"),
        ("np:1243 ", "sgip", "unicom"),
        ("NP:1243:001", "cmpp", "unicom"),  # the report's error stands behind its word
        ("NP:1243", "smgp", "mobile"),  # a protocol's own rule first
        ("NP:1299", "cmpp", "broadnet"),  # the longest beginning
        ("NP:1299", "smgp", "telecom"),
        ("NP:9", "", "telecom"),
        ("MK:0001", "cmpp", None),
        ("", "cmpp", None),
        ("XNP:1243", "cmpp", None),
    ],
)
def test_the_nearest_rule_counts(code: str, protocol: str, carrier: str | None) -> None:
    assert RULES.carrier(code, protocol) == carrier


def test_without_rules_nothing_is_learned() -> None:
    assert not PortingRules()
    assert PortingRules().carrier("NP:1243", "cmpp") is None
