"""What only one protocol knows of a channel: its options, their defaults and bounds, in one place.

They stand in the column `options` of a channel's row. The console's forms are made of these (they
add the words), the engine's accounts read them: neither can know an option that the other does
not, or allow what the other refuses. `KINDS` says whose is whose; `FACTS` what each protocol has
room for and what is usual with it. docs/operations.md has the table for people.
"""

from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from yunxin.vocabulary import CarrierProtocol

PROVIDER_PAYS: Final = "0" * 21  # ChargeNumber of SGIP 1.2

Attempts = Annotated[int, msgspec.Meta(ge=1, le=5)]
Byte = Annotated[int, msgspec.Meta(ge=0, le=255)]
Port = Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)]
_SIGNS = "^[ -~]*$"  # what every carrier can read: printable ASCII
_DIGITS = "^[0-9]*$"
Code2 = Annotated[str, msgspec.Meta(max_length=2, pattern=_DIGITS)]
Code6 = Annotated[str, msgspec.Meta(max_length=6, pattern=_DIGITS)]
Number = Annotated[str, msgspec.Meta(max_length=21, pattern=_DIGITS)]
Text5 = Annotated[str, msgspec.Meta(max_length=5, pattern=_SIGNS)]
Text6 = Annotated[str, msgspec.Meta(max_length=6, pattern=_SIGNS)]
Text8 = Annotated[str, msgspec.Meta(max_length=8, pattern=_SIGNS)]
Text10 = Annotated[str, msgspec.Meta(max_length=10, pattern=_SIGNS)]
Text16 = Annotated[str, msgspec.Meta(max_length=16, pattern=_SIGNS)]


class SmppOptions(msgspec.Struct, frozen=True):
    """What only SMPP knows of a channel beside its columns."""

    attempts: Attempts = 1


class CmppOptions(msgspec.Struct, frozen=True):
    """What only CMPP knows of a channel.

    Args:
        attempts: how often an unanswered submit is sent with the same number; 1 never again.
        account: Msg_src; empty is what it logs in with.
        strict: whether a carrier is left that cannot show that it knows the password.

    The others are those of a submit, see `protocols.cmpp.precut.SubmitTemplate`; V3.0 §8.4.3.1.
    """

    version: Literal["3.0", "2.0"] = "3.0"
    attempts: Attempts = 3
    account: Text6 = ""
    service_id: Text10 = ""
    fee_user_type: Annotated[int, msgspec.Meta(ge=0, le=3)] = 2
    fee_terminal_id: Number = ""
    fee_type: Code2 = "01"
    fee_code: Code6 = "000000"
    strict: bool = False


class SgipOptions(msgspec.Struct, frozen=True):
    """What only SGIP knows of a channel.

    Args:
        node: our node in the carrier's numbering, see `protocols.sgip.numbers.node_of`.
        attempts: how often an unanswered submit is sent with the same number; 1 never again.
        listen_port: where the carrier connects to us to deliver; 0: it does not.
        deliver_name: what it logs in with there; empty is what we log in with, as is the password.
        networks: from where it connects; empty is anywhere.
        idle: what follows when a session had nothing to say and was closed in order, as SGIP has
            it: `rest` until there is something to send, or `reconnect` at once.

    The others are those of a submit, see `protocols.sgip.precut.SubmitTemplate`.
    """

    node: Annotated[int, msgspec.Meta(ge=1, lt=1 << 32)]
    attempts: Attempts = 3
    corp_id: Text5 = ""
    service_type: Text10 = ""
    charge_number: Number = PROVIDER_PAYS
    fee_type: Byte = 1
    fee_value: Code6 = "0"
    given_value: Code6 = "0"
    mt_flag: Annotated[int, msgspec.Meta(ge=0, le=3)] = 2
    listen_host: Annotated[str, msgspec.Meta(max_length=200, pattern=_SIGNS)] = "0.0.0.0"
    listen_port: Port = 8801
    deliver_name: Text16 = ""
    deliver_password_sealed: str = ""
    networks: tuple[str, ...] = ()
    idle: Literal["rest", "reconnect"] = "rest"


class SmgpOptions(msgspec.Struct, frozen=True):
    """What only SMGP knows of a channel.

    Args:
        attempts: how often an unanswered submit is sent with the same number; 1 never again.
        account: MsgSrc; empty is what it logs in with.
        strict: whether a carrier is left that cannot show that it knows the password.

    The others are those of a submit, see `protocols.smgp.precut.SubmitTemplate`.
    """

    version: Literal["3.0", "1.3"] = "3.0"
    attempts: Attempts = 3
    account: Text8 = ""
    service_id: Text10 = ""
    fee_type: Code2 = "00"
    fee_code: Code6 = "000000"
    fixed_fee: Code6 = "000000"
    charge_term_id: Number = ""
    strict: bool = False


KINDS: Final[dict[CarrierProtocol, type[msgspec.Struct]]] = {
    CarrierProtocol.SMPP: SmppOptions,
    CarrierProtocol.CMPP: CmppOptions,
    CarrierProtocol.SGIP: SgipOptions,
    CarrierProtocol.SMGP: SmgpOptions,
}


class Facts(NamedTuple):
    """What a protocol has room for, and what is usual with its carriers.

    Args:
        name_size_max: characters of the name that it logs in with.
        password_size_max: of its password; where only a digest of it travels, ours.
        dest_prefix: what stands before a number.
        may_pair: whether two connections can share sending and hearing.
    """

    name_size_max: int
    password_size_max: int
    port: int
    window: int
    dest_prefix: str
    enquire_every_s: int
    answer_timeout_s: int
    may_pair: bool


FACTS: Final = {
    # SMPP 3.4 §5.2.2 has room for 8 characters of a password; some gateways take more.
    CarrierProtocol.SMPP: Facts(15, 64, 2775, 100, "86", 30, 30, may_pair=True),
    CarrierProtocol.CMPP: Facts(6, 64, 7890, 16, "", 180, 60, may_pair=False),
    CarrierProtocol.SGIP: Facts(16, 16, 8801, 32, "86", 45, 30, may_pair=False),
    CarrierProtocol.SMGP: Facts(8, 64, 8890, 16, "", 180, 60, may_pair=True),
}
