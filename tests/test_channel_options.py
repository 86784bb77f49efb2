"""The options of channels: nothing that a form allows is more than the protocol has room for."""

from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from yunxin.channel_options import FACTS, KINDS, PROVIDER_PAYS
from yunxin.engine.accounts.choose import Accounts
from yunxin.engine.channel import Channel
from yunxin.protocols.cmpp.session import LIMITS as CMPP
from yunxin.protocols.events import Alphabet, BindMode
from yunxin.protocols.session import Limits
from yunxin.protocols.sgip import precut
from yunxin.protocols.sgip.session import LIMITS as SGIP
from yunxin.protocols.smgp.session import LIMITS as SMGP
from yunxin.vocabulary import CarrierProtocol

OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"
LIMITS = {"cmpp": CMPP, "sgip": SGIP, "smgp": SMGP, "smpp": Limits()}


def fields(protocol: CarrierProtocol) -> list[inspect.Field]:
    kind = inspect.type_info(KINDS[protocol])
    assert isinstance(kind, inspect.StructType)
    return list(kind.fields)


def longest(field: inspect.Field) -> object:
    """The largest value that an option may have."""
    match field.type:
        case inspect.BoolType():
            return True
        case inspect.LiteralType(values=values):
            return values[-1]
        case inspect.IntType(le=most, lt=below):
            return below - 1 if most is None else most
        case inspect.StrType(max_length=size) if size is not None:
            return "1" * size
        case _:
            return field.default


@pytest.mark.parametrize("protocol", list(CarrierProtocol))
async def test_the_largest_values_still_make_an_account(protocol: CarrierProtocol) -> None:
    options = {field.name: longest(field) for field in fields(protocol)}
    if protocol == CarrierProtocol.SGIP:
        options["listen_host"] = "127.0.0.1"
    facts = FACTS[protocol]
    channel = Channel(
        id=1, name="", host="", port=1, protocol=protocol, options=options,
        system_id="n" * facts.name_size_max,
    )  # fmt: skip
    account = Accounts("for tests " * 5).account_of(channel, "p" * facts.password_size_max)
    account.wire.template("", Alphabet.UCS2)
    session = account.session()
    session.connected(0)
    session.bind(account.login(account.modes[0]), 0)
    assert session.data_to_send()


@pytest.mark.parametrize("protocol", list(CarrierProtocol))
async def test_one_character_more_makes_none(protocol: CarrierProtocol) -> None:
    facts = FACTS[protocol]
    channel = Channel(
        id=1, name="", host="", port=1, protocol=protocol, options={"node": 1},
        system_id="n" * (facts.name_size_max + 1),
    )  # fmt: skip
    account = Accounts("for tests " * 5).account_of(channel, "secret")
    with pytest.raises(Exception, match=r"at most \d+|fewer than \d+"):
        session = account.session()
        session.connected(0)
        session.bind(account.login(BindMode.TRANSMITTER), 0)


@pytest.mark.parametrize("protocol", list(CarrierProtocol))
def test_what_is_usual_agrees_with_the_protocol(protocol: CarrierProtocol) -> None:
    usual, limits = {f.name: f.default for f in fields(protocol)}, LIMITS[protocol]
    assert usual["attempts"] == limits.attempts
    facts = FACTS[protocol]
    assert facts.answer_timeout_s == limits.response_timeout_s
    assert facts.enquire_every_s == limits.enquire_after_s
    if protocol != CarrierProtocol.SMPP:
        assert facts.window == limits.window


def test_the_provider_pays_as_the_protocol_says_it() -> None:
    assert PROVIDER_PAYS == precut.PROVIDER_PAYS


@pytest.mark.parametrize("protocol", list(CarrierProtocol))
def test_the_page_for_operators_names_every_option(protocol: CarrierProtocol) -> None:
    page = OPERATIONS.read_text(encoding="utf-8")
    rows = [row for row in page.splitlines() if row.startswith("| ")]
    mine = "".join(r for r in rows if "all" in r[:6] or protocol.upper() in r.split("|")[1])
    assert not [field.name for field in fields(protocol) if f"`{field.name}`" not in mine]


def test_options_are_plain_values_in_json() -> None:
    kind = KINDS[CarrierProtocol.SGIP]
    made = msgspec.convert({"node": "3010012345", "networks": ["192.0.2.0/28"]}, kind, strict=False)
    assert msgspec.to_builtins(made)["node"] == 3_010_012_345
