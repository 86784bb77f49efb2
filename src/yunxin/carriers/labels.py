"""What people call carriers, states of a line, and the choices of a channel."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yunxin.routing import Obstacle
from yunxin.vocabulary import (
    BindMode,
    BlockReason,
    BreakerState,
    CarrierName,
    CodeGroup,
    IdRule,
    LinkState,
    PhoneCondition,
    TrafficClass,
    WireAlphabet,
)

CARRIERS = {
    CarrierName.MOBILE: _("China Mobile"),
    CarrierName.UNICOM: _("China Unicom"),
    CarrierName.TELECOM: _("China Telecom"),
    CarrierName.BROADNET: _("China Broadnet"),
    CarrierName.UNKNOWN: _("Unknown carrier"),
}
# As tables of numbers name them.
SHORT_CARRIERS = {
    CarrierName.MOBILE: pgettext_lazy("short", "Mobile"),
    CarrierName.UNICOM: pgettext_lazy("short", "Unicom"),
    CarrierName.TELECOM: pgettext_lazy("short", "Telecom"),
    CarrierName.BROADNET: pgettext_lazy("short", "Broadnet"),
}
NAMED_CARRIERS = {name: label for name, label in CARRIERS.items() if name != CarrierName.UNKNOWN}
TRAFFIC = {
    TrafficClass.VERIFICATION: _("Verification codes"),
    TrafficClass.NOTICE: pgettext_lazy("traffic class", "Notices"),
    TrafficClass.MARKETING: _("Marketing"),
}
OBSTACLES = {
    Obstacle.CARRIER: _("Does not serve this carrier"),
    Obstacle.PROVINCE: _("Does not serve this province"),
    Obstacle.TRAFFIC: _("Does not serve this traffic class"),
    Obstacle.OTHERS_OWN: _("Dedicated to other enterprises"),
    Obstacle.HOURS: _("Rests at this time of day"),
    Obstacle.BROKEN: _("Its breaker is open: it refused too much"),
}
BREAKERS = {
    BreakerState.OPEN: _("Breaker open"),
    BreakerState.HALF_OPEN: _("Breaker half open"),
}
REASONS = {
    "own": _("The enterprise's own channel"),
    "serves": _("Serves it"),
    "province": _("For this province, before those for all"),
    "province_unknown": _("Serves certain provinces; this number's is not known"),
    "reserve": _("A reserve: only when no other can"),
}
LINK_STATES = {
    LinkState.BOUND: _("Connected"),
    LinkState.IDLE: _("Idle, connects when needed"),
    LinkState.CONNECTING: _("Connecting"),
    LinkState.REFUSED: _("Log-in refused"),
    LinkState.DOWN: _("Not connected"),
    LinkState.STOPPED: _("Stopped"),
}
PHONE_CONDITIONS = {
    PhoneCondition.CANCELLED: _("its account was cancelled"),
    PhoneCondition.SUSPENDED: _("it is suspended for arrears"),
}
LINK_TONES = {
    LinkState.BOUND: "green",
    LinkState.IDLE: "green",
    LinkState.CONNECTING: "cyan",
    LinkState.REFUSED: "red",
    LinkState.DOWN: "red",
    LinkState.STOPPED: "grey",
}
BIND_MODES = {
    BindMode.TRANSCEIVER: _("Transceiver: one session sends and receives"),
    BindMode.PAIR: _("Pair: a transmitter and a receiver session"),
}
ID_RULES = {
    IdRule.AS_IS: _("As it is"),
    IdRule.HEX_TO_DECIMAL: _("Hexadecimal in the receipt, decimal in the answer"),
    IdRule.DECIMAL_TO_HEX: _("Decimal in the receipt, hexadecimal in the answer"),
    IdRule.CASE_INSENSITIVE: _("Upper and lower case are the same"),
}
ALPHABETS = {
    WireAlphabet.UCS2: _("UCS-2 always"),
    WireAlphabet.GSM7_OR_UCS2: _("GSM 7-bit where the text allows it, else UCS-2"),
}
BLOCK_REASONS = {
    BlockReason.OPERATOR: _("Added by an operator"),
    BlockReason.UNSUBSCRIBED: _("Unsubscribed by reply"),
    BlockReason.COMPLAINT: _("Complaint"),
}

PROTOCOLS = {"cmpp": "CMPP", "sgip": "SGIP", "smgp": "SMGP", "smpp": "SMPP"}
CODE_PROTOCOLS = {"": _("Every protocol"), **PROTOCOLS}
CODE_GROUPS = {
    CodeGroup.DELIVERED: _("Arrived"),
    CodeGroup.ON_THE_WAY: _("Still on its way"),
    CodeGroup.NUMBER: _("Number not in use"),
    CodeGroup.UNREACHABLE: _("Off or out of reach"),
    CodeGroup.PHONE: _("Phone cannot receive"),
    CodeGroup.SUSPENDED: _("Service stopped"),
    CodeGroup.BLOCKED: _("Blocked or rejected"),
    CodeGroup.CONTENT: _("Text refused"),
    CodeGroup.LIMIT: _("Too fast or too many"),
    CodeGroup.ROUTE: _("No route or ported"),
    CodeGroup.ACCOUNT: _("Our account's settings"),
    CodeGroup.FORMAT: _("Protocol field"),
    CodeGroup.CARRIER: _("Carrier's system"),
    CodeGroup.NO_WORD: _("No word came"),
    CodeGroup.WITHDRAWN: _("Not sent by us"),
    CodeGroup.OTHER: _("Something else"),
}
CODE_TONES = {
    CodeGroup.DELIVERED: "green",
    CodeGroup.ON_THE_WAY: "cyan",
    CodeGroup.UNREACHABLE: "orange",
    CodeGroup.PHONE: "orange",
    CodeGroup.SUSPENDED: "orange",
    CodeGroup.NUMBER: "red",
    CodeGroup.BLOCKED: "red",
    CodeGroup.CONTENT: "red",
    CodeGroup.LIMIT: "purple",
    CodeGroup.ROUTE: "purple",
    CodeGroup.ACCOUNT: "blue",
    CodeGroup.FORMAT: "blue",
    CodeGroup.CARRIER: "blue",
}
