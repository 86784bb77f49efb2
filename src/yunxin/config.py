"""The environment, read once into one frozen `Config`.

Every setting of every program is a field here, with its unit, its default and a sentence that
says what it does; docs/settings.md lists the same, and a test compares the two. Django's
settings.py reads a Config, the engine and the simulator get one as an argument. Nothing else in
the project reads the environment.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any, Self

# Of `yunxin send` alone, which is the client's (yunxin.client.command) and reads them itself.
CLIENT_NAMES = frozenset({"YUNXIN_CLIENT_URL", "YUNXIN_CLIENT_KEY"})


class ConfigError(ValueError):
    """A setting in the environment cannot be understood; the message names it and the way out."""


def _text(value: str) -> str:
    return value


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _networks(value: str) -> tuple[str, ...]:
    words = _words(value)
    for word in words:
        try:
            ipaddress.ip_network(word, strict=False)
        except ValueError:
            raise ValueError("use addresses or CIDRs such as 10.1.0.0/16") from None
    return words


def _yes_or_no(value: str) -> bool:
    try:
        return {
            "1": True, "true": True, "yes": True, "on": True,
            "0": False, "false": False, "no": False, "off": False,
        }[value.strip().lower()]  # fmt: skip
    except KeyError:
        raise ValueError("use true or false") from None


def _count(value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise ValueError("use a whole number") from None
    if number < 0:
        raise ValueError("use a number that is not negative")
    return number


def _seconds(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise ValueError("use a number of seconds") from None
    if not 0 < number < float("inf"):
        raise ValueError("use a number of seconds above 0")
    return number


def _clock(value: str) -> time:
    try:
        return time.fromisoformat(value.strip())
    except ValueError:
        raise ValueError("use a time of day such as 08:00") from None


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError("use one of: " + ", ".join(choices))
        return value

    return read


def _setting(
    default: Any,
    sentence: str,
    *,
    unit: str = "text",
    read: Callable[[str], Any] = _text,
    env: str | None = None,
) -> Any:
    """A field of Config with what docs/settings.md says about it.

    `env` is needed only where the variable is not YUNXIN_ and the field's name in capitals.
    """
    metadata = {"sentence": sentence, "unit": unit, "read": read, "env": env}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """All settings of one deployment; build it with `Config.from_environment()`."""

    # -- where things are ---------------------------------------------------------------------
    database_url: str = _setting(
        "",
        "PostgreSQL 15 or later to use; empty lets `yunxin up` start its own in the data folder.",
        unit="libpq URL",
        env="DATABASE_URL",
    )
    data: Path = _setting(
        Path("var"),
        "Folder of `yunxin up`: its database, secret key and logs.",
        unit="path",
        read=lambda value: Path(value).expanduser(),
    )
    base_url: str = _setting(
        "http://127.0.0.1:8000",
        "Address under which people reach the platform; used in links and checks.",
        unit="URL",
        read=lambda value: value.rstrip("/"),
    )

    # -- web ----------------------------------------------------------------------------------
    secret_key: str = _setting(
        "",
        "Signs sessions and links; `yunxin up` makes one and keeps it in the data folder.",
        unit="text, 50 characters or more",
    )
    debug: bool = _setting(
        False, "Shows error details in pages; never in production.", unit="yes or no",
        read=_yes_or_no,
    )  # fmt: skip
    demo: bool = _setting(
        False,
        "Demo mode: demo logins exist and the login page names them; never in production.",
        unit="yes or no",
        read=_yes_or_no,
    )
    allowed_hosts: tuple[str, ...] = _setting(
        ("127.0.0.1", "localhost", "[::1]"),
        "Host names under which the pages may be asked for.",
        unit="names separated by commas",
        read=_words,
    )
    brand: str = _setting("融合云信", "Name of the platform in the top bar and in titles.")
    service_phone: str = _setting("400-000-0000", "Customer service phone in the top bar.")
    service_email: str = _setting("support@example.com", "Customer service e-mail in the top bar.")
    simulator_url: str = _setting(
        "",
        "Where the simulated carrier's pages are; `yunxin up` sets it, empty hides them.",
        unit="URL",
    )
    static_root: Path = _setting(
        Path(__file__).resolve().parents[2] / "static-root",
        "Folder of the collected static files; when it has none they are served as they lie.",
        unit="path",
        read=lambda value: Path(value).expanduser(),
    )
    web_threads: int = _setting(
        8, "Pages that one web process answers at the same time.", unit="threads", read=_count
    )

    # -- logs ---------------------------------------------------------------------------------
    log_format: str = _setting(
        "json",
        "How log lines look: one JSON object a line, or text for people.",
        unit="json or console",
        read=_one_of("json", "console"),
    )
    log_level: str = _setting(
        "info",
        "The least important log lines that are written.",
        unit="debug, info, warning or error",
        read=_one_of("debug", "info", "warning", "error"),
    )

    # -- money --------------------------------------------------------------------------------
    refund_failed: bool = _setting(
        True, "Gives back what a finally failed message cost.", unit="yes or no", read=_yes_or_no
    )
    refund_unknown: bool = _setting(
        False,
        "Gives back what a message cost whose receipt never came.",
        unit="yes or no",
        read=_yes_or_no,
    )

    balance_low_percent: int = _setting(
        10,
        "The bell tells an enterprise once when no more than this share of its valid packages is"
        " left; 0 means never.",
        unit="percent",
        read=_count,
    )

    # -- rules of sending ---------------------------------------------------------------------
    receipt_wait_s: int = _setting(
        259_200,
        "After this long without a receipt a message becomes unknown; `yunxin up` with its demo"
        " waits 300.",
        unit="seconds",
        read=_count,
    )
    marketing_from: time = _setting(
        time(8, 0), "Marketing messages are sent from this time of day.", unit="HH:MM in Shanghai",
        read=_clock,
    )  # fmt: skip
    marketing_to: time = _setting(
        time(21, 0), "Marketing messages are sent until this time of day.",
        unit="HH:MM in Shanghai", read=_clock,
    )  # fmt: skip
    cap_verification_per_minute: int = _setting(
        1, "Verification codes from one enterprise to one phone in a minute; 0 means no cap.",
        unit="messages", read=_count,
    )  # fmt: skip
    cap_verification_per_hour: int = _setting(
        5, "Verification codes from one enterprise to one phone in an hour; 0 means no cap.",
        unit="messages", read=_count,
    )  # fmt: skip
    cap_verification_per_day: int = _setting(
        10, "Verification codes from one enterprise to one phone in a day; 0 means no cap.",
        unit="messages", read=_count,
    )  # fmt: skip
    cap_marketing_per_day: int = _setting(
        3, "Marketing messages from one enterprise to one phone in a day; 0 means no cap.",
        unit="messages", read=_count,
    )  # fmt: skip
    audience_bytes_max: int = _setting(
        209_715_200, "Largest file of recipients that a campaign takes.", unit="bytes",
        read=_count,
    )  # fmt: skip
    contacts_max: int = _setting(
        1_000_000, "Contacts that one enterprise's address book holds.", unit="contacts",
        read=_count,
    )  # fmt: skip
    contacts_file_bytes_max: int = _setting(
        104_857_600, "Largest file of contacts that an import takes.", unit="bytes", read=_count
    )
    contacts_file_days: int = _setting(
        7, "So long a finished export, and the refused rows of an import, can be downloaded.",
        unit="days", read=_count,
    )  # fmt: skip

    # -- engine -------------------------------------------------------------------------------
    in_doubt_verification: str = _setting(
        "resend",
        "What becomes of a verification code that was on its way when an engine died.",
        unit="resend or unknown",
        read=_one_of("resend", "unknown"),
    )
    in_doubt_notice: str = _setting(
        "resend",
        "What becomes of a notice that was on its way when an engine died.",
        unit="resend or unknown",
        read=_one_of("resend", "unknown"),
    )
    in_doubt_marketing: str = _setting(
        "resend",
        "What becomes of a marketing message that was on its way when an engine died.",
        unit="resend or unknown",
        read=_one_of("resend", "unknown"),
    )
    feed_ahead: int = _setting(
        20_000,
        "Messages of campaigns that may wait in the queue before the feed pauses.",
        unit="messages",
        read=_count,
    )
    submit_timeout_s: float = _setting(
        30.0, "The longest that any channel may wait for a carrier's answer to a submit.",
        unit="seconds", read=_seconds,
    )  # fmt: skip
    metrics_port: int = _setting(
        0, "Port on 127.0.0.1 where an engine shows its metrics to Prometheus; 0 means nowhere.",
        unit="port", read=_count,
    )  # fmt: skip
    event_days: int = _setting(
        7, "So long receipts and replies can be pulled and pushed again.", unit="days", read=_count
    )
    push_network: tuple[str, ...] = _setting(
        (),
        "Networks that receipts and replies may be pushed to though they are not public;"
        " `yunxin up` with its demo, on a loopback address, allows this machine.",
        unit="addresses or CIDRs separated by commas",
        read=_networks,
    )

    # -- smpp ---------------------------------------------------------------------------------
    smpp_address: str = _setting(
        "",
        "Where enterprises' systems reach the SMPP server; pages show it, `yunxin up` sets it.",
        unit="host:port",
    )
    smpp_deliver_days: int = _setting(
        3, "So long receipts and replies wait for an SMPP account that does not acknowledge them.",
        unit="days", read=_count,
    )  # fmt: skip

    # -- api ----------------------------------------------------------------------------------
    api_url: str = _setting(
        "",
        "Where enterprises' systems reach the API; empty: under the address of the pages.",
        unit="URL",
        read=lambda value: value.rstrip("/"),
    )
    api_requests_per_s: int = _setting(
        200, "Requests that one key may make, where the operator set nothing else.",
        unit="requests per second", read=_count,
    )  # fmt: skip
    api_recipients_per_s: int = _setting(
        2_000, "Recipients that one enterprise may send to, where the operator set nothing else.",
        unit="recipients per second", read=_count,
    )  # fmt: skip
    api_proxies: tuple[str, ...] = _setting(
        ("127.0.0.1", "::1"),
        "Reverse proxies before the API, whose word on where a request comes from is taken.",
        unit="addresses or CIDRs separated by commas",
        read=_words,
    )
    ronghe_replay_window_s: float = _setting(
        60.0,
        "An identical request of the dialect within this time gets the first answer again.",
        unit="seconds",
        read=_seconds,
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read every field from the environment; what is absent keeps its default.

        Raises:
            ConfigError: a value cannot be understood, or a YUNXIN_ variable names no setting.
        """
        environ = os.environ if environ is None else environ
        _refuse_unknown_names(cls, environ)
        return cls(**{f.name: _read(f, environ) for f in fields(cls) if env_name(f) in environ})

    def to_environment(self) -> dict[str, str]:
        """The variables that make another program read this same Config."""
        return {env_name(f): _write(getattr(self, f.name)) for f in fields(self)}


def env_name(f: "Field[Any]") -> str:
    """The environment variable of one field of Config."""
    return f.metadata["env"] or "YUNXIN_" + f.name.upper()


def default_text(f: "Field[Any]") -> str:
    """A field's default, written as it would stand in the environment."""
    assert f.default is not MISSING
    return _write(f.default)


def _read(f: "Field[Any]", environ: Mapping[str, str]) -> Any:
    name = env_name(f)
    try:
        return f.metadata["read"](environ[name])
    except ValueError as error:
        raise ConfigError(f"{name}={environ[name]!r} cannot be understood: {error}.") from None


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return str(value)


def _refuse_unknown_names(cls: type[Config], environ: Mapping[str, str]) -> None:
    """A misspelt setting must not be ignored in silence."""
    known = {env_name(f) for f in fields(cls)} | CLIENT_NAMES
    for name in environ:
        if name.startswith("YUNXIN_") and name not in known:
            raise ConfigError(f"{name} is not a setting; docs/settings.md lists them all.")
