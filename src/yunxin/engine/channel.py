"""A channel as the engine knows it: the operator's settings of one carrier account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from yunxin.vocabulary import BindMode, CarrierProtocol, IdRule, WireAlphabet


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A row of carriers_channel.

    Args:
        draining: whether it shall finish what it has, take nothing new and say good-bye.
        options: what only its protocol knows, see `yunxin/channel_options`.
    """

    id: int
    name: str
    host: str
    port: int
    system_id: str
    protocol: CarrierProtocol = CarrierProtocol.SMPP
    options: Mapping[str, Any] = field(default_factory=dict)
    password_sealed: str = ""
    system_type: str = ""
    bind_mode: BindMode = BindMode.TRANSCEIVER
    sessions: int = 1
    window: int = 100
    rate_per_s: float = 500
    access_number: str = ""
    carriers: frozenset[str] = frozenset()
    provinces: frozenset[str] = frozenset()
    weight: int = 1
    traffics: frozenset[str] = frozenset()
    enterprises: frozenset[int] = frozenset()  # that it is dedicated to
    open_from: time | None = None  # of the day in Asia/Shanghai
    open_to: time | None = None
    id_rule: IdRule = IdRule.AS_IS
    alphabet: WireAlphabet = WireAlphabet.UCS2
    source_ton: int = 0
    source_npi: int = 1
    dest_ton: int = 1
    dest_npi: int = 1
    dest_prefix: str = "86"
    enquire_every_s: int = 30
    answer_timeout_s: float = 30
    version: int = 1
    draining: bool = False
