"""The environment becomes one frozen Config, or a sentence that names what is wrong."""

from dataclasses import FrozenInstanceError, fields
from datetime import time
from pathlib import Path

import pytest

from yunxin.config import Config, ConfigError, env_name


def test_an_empty_environment_gives_the_defaults():
    assert Config.from_environment({}) == Config()


def test_other_variables_are_none_of_our_business():
    assert Config.from_environment({"HOME": "/root", "PATH": "/bin"}) == Config()


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("DATABASE_URL", "postgresql://u@h/d", "database_url", "postgresql://u@h/d"),
        ("YUNXIN_DEBUG", "yes", "debug", True),
        ("YUNXIN_REFUND_FAILED", "0", "refund_failed", False),
        ("YUNXIN_RECEIPT_WAIT_S", "3600", "receipt_wait_s", 3600),
        ("YUNXIN_MARKETING_FROM", "09:30", "marketing_from", time(9, 30)),
        ("YUNXIN_SUBMIT_TIMEOUT_S", "2.5", "submit_timeout_s", 2.5),
        (
            "YUNXIN_ALLOWED_HOSTS",
            "a.example, b.example,",
            "allowed_hosts",
            ("a.example", "b.example"),
        ),
        ("YUNXIN_DATA", "/srv/yunxin", "data", Path("/srv/yunxin")),
        ("YUNXIN_BASE_URL", "https://sms.example/", "base_url", "https://sms.example"),
        ("YUNXIN_IN_DOUBT_MARKETING", "unknown", "in_doubt_marketing", "unknown"),
    ],
)
def test_a_value_is_understood(name, value, field, expected):
    assert getattr(Config.from_environment({name: value}), field) == expected


@pytest.mark.parametrize(
    ("name", "value", "way_out"),
    [
        ("YUNXIN_DEBUG", "maybe", "use true or false"),
        ("YUNXIN_RECEIPT_WAIT_S", "three", "use a whole number"),
        ("YUNXIN_RECEIPT_WAIT_S", "-1", "not negative"),
        ("YUNXIN_SUBMIT_TIMEOUT_S", "inf", "above 0"),
        ("YUNXIN_MARKETING_TO", "25:00", "such as 08:00"),
        ("YUNXIN_LOG_FORMAT", "xml", "use one of: json, console"),
        ("YUNXIN_PUSH_NETWORK", "10.0.0.0/8,intranet", "use addresses or CIDRs"),
    ],
)
def test_a_bad_value_is_named_with_the_way_out(name, value, way_out):
    with pytest.raises(ConfigError, match=way_out) as refusal:
        Config.from_environment({name: value})
    assert name in str(refusal.value)


def test_a_misspelt_setting_is_refused():
    with pytest.raises(ConfigError, match="YUNXIN_DEBIG is not a setting"):
        Config.from_environment({"YUNXIN_DEBIG": "true"})


def test_it_can_be_handed_to_another_program():
    config = Config(
        debug=True, marketing_from=time(7, 15), allowed_hosts=("a", "b"), data=Path("/d")
    )
    assert Config.from_environment(config.to_environment()) == config


def test_it_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Config().debug = True


def test_every_setting_says_what_it_does():
    for field in fields(Config):
        assert field.metadata["sentence"].endswith("."), field.name
        assert field.metadata["unit"], field.name


def test_no_two_settings_share_a_variable():
    names = [env_name(field) for field in fields(Config)]
    assert len(set(names)) == len(names)


def test_what_the_client_reads_is_no_misspelt_setting():
    assert Config.from_environment({"YUNXIN_CLIENT_URL": "x", "YUNXIN_CLIENT_KEY": "y"}) == Config()
