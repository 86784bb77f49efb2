"""What people call carriers, states of a line, and the choices of a channel."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yunxin.carriers.models import Channel
from yunxin.routing import Obstacle
from yunxin.vocabulary import (
    BindMode,
    BlockReason,
    BreakerState,
    CarrierName,
    CarrierProtocol,
    CodeGroup,
    IdRule,
    LinkState,
    PhoneCondition,
    TrafficClass,
    TryOutcome,
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
BREAKER_WORDS = {
    BreakerState.CLOSED: (pgettext_lazy("breaker", "Closed"), _("lets everything through")),
    BreakerState.HALF_OPEN: (
        pgettext_lazy("breaker", "Half open"),
        _("one message tries whether it works again"),
    ),
    BreakerState.OPEN: (
        pgettext_lazy("breaker", "Open"),
        _("it refused too much and rests; others carry its messages"),
    ),
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
    LinkState.DRAINING: _("Draining"),
    LinkState.DRAINED: _("Drained"),
}
PHONE_CONDITIONS = {
    PhoneCondition.CANCELLED: _("its account was cancelled"),
    PhoneCondition.SUSPENDED: _("it is suspended for arrears"),
}
LINK_TONES = {
    LinkState.DRAINING: "orange",
    LinkState.DRAINED: "grey",
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

# What came of a log-in that was tried: in a word, its tone, and what it means or what to do.
TRIES = {
    TryOutcome.BOUND: (
        _("Logged in"),
        "green",
        _("The carrier let us in; then we said good-bye."),
    ),
    TryOutcome.SETTINGS: (
        _("Settings are wrong"),
        "red",
        _("They make no account of this protocol, so nothing was connected. Edit the channel."),
    ),
    TryOutcome.PASSWORD_LOST: (
        _("Password lost"),
        "red",
        _("It was sealed with another secret key. Edit the channel and type it again."),
    ),
    TryOutcome.NOT_FOUND: (
        _("Name not found"),
        "red",
        _("The host's name has no address. Look whether it is written right."),
    ),
    TryOutcome.CONNECT: (
        _("No connection"),
        "red",
        _("Nobody listens there, or no way leads there. Look at host, port and firewalls."),
    ),
    TryOutcome.CONNECT_TIMEOUT: (
        _("No connection in time"),
        "red",
        _("Nothing answered at that address. A firewall or a missing line often looks like this."),
    ),
    TryOutcome.REFUSED: (_("Log-in refused"), "red", ""),
    TryOutcome.LOGIN_TIMEOUT: (
        _("No answer to the log-in"),
        "red",
        _("The connection stands, but nothing is said. Are protocol and port the right ones?"),
    ),
    TryOutcome.BROKEN_OFF: (
        _("Broken off"),
        "red",
        _(
            "The carrier closed the connection in place of an answer. Many do so when they do not"
            " know our address, or the version."
        ),
    ),
}
_AS_OFTEN = _("The account is logged in already, as often as it may be.")
_BUSY = _("The carrier is busy. Try again later.")
_FAULT = _("The carrier has a fault of its own. Try again later.")
_OTHER_VERSION = _("The carrier does not speak this version. Try the other one.")
_STRUCTURE = _("The carrier does not understand the log-in. Look at the version.")
_WRONG = _("The account or the password is wrong.")
# What carriers say to a log-in, by protocol and the protocol's name for it.
LOGIN_REFUSALS = {
    ("smpp", "RINVPASWD"): _("The password is wrong."),
    ("smpp", "RINVSYSID"): _("The account is unknown."),
    ("smpp", "RBINDFAIL"): _("The carrier refused the log-in: account, password or our address."),
    ("smpp", "RALYBND"): _AS_OFTEN,
    ("smpp", "RINVBNDSTS"): _("The carrier does not let us in this way: look at how it is bound."),
    ("smpp", "RINVSYSTYP"): _("The system type is wrong."),
    ("smpp", "RSYSERR"): _FAULT,
    ("smpp", "RTHROTTLED"): _BUSY,
    ("cmpp", "STRUCTURE"): _STRUCTURE,
    ("cmpp", "SOURCE_ADDRESS"): _("The account is unknown, or not allowed from our address."),
    ("cmpp", "AUTHENTICATION"): _("The password is wrong."),
    ("cmpp", "VERSION"): _OTHER_VERSION,
    ("cmpp", "OTHER"): _("The carrier refused the log-in and does not say why."),
    ("sgip", "ILLEGAL_LOGIN"): _WRONG,
    ("sgip", "DUPLICATE_LOGIN"): _AS_OFTEN,
    ("sgip", "TOO_MANY_CONNECTIONS"): _AS_OFTEN,
    ("sgip", "LOGIN_TYPE"): _("The carrier does not let us in this way."),
    ("sgip", "FORMAT"): _("The carrier does not understand the log-in."),
    ("sgip", "NODE_BUSY"): _BUSY,
    ("sgip", "SYSTEM_FAILURE"): _FAULT,
    ("smgp", "BUSY"): _BUSY,
    ("smgp", "TOO_MANY_CONNECTIONS"): _AS_OFTEN,
    ("smgp", "STRUCTURE"): _STRUCTURE,
    ("smgp", "ADDRESS"): _("The account may not log in from our address."),
    ("smgp", "AUTHENTICATION"): _WRONG,
    ("smgp", "VERSION"): _OTHER_VERSION,
    ("smgp", "ACCOUNT_EXPIRED"): _("The account has expired."),
}

# Full name, and what must be known of the carrier, where one is chosen for a new channel.
PROTOCOL_WORDS = {
    CarrierProtocol.CMPP: (
        "CMPP 2.0 · 3.0",
        _("China Mobile's gateways."),
        _("Gateway and port, provider code of six digits, shared secret, business code."),
    ),
    CarrierProtocol.SGIP: (
        "SGIP 1.2",
        _("China Unicom's gateways."),
        _(
            "Gateway and port, account and password, node number and company code; and from where"
            " the carrier connects to us with receipts and replies."
        ),
    ),
    CarrierProtocol.SMGP: (
        "SMGP 1.3 · 3.0",
        _("China Telecom's gateways."),
        _("Gateway and port, account of up to eight characters, shared secret, business code."),
    ),
    CarrierProtocol.SMPP: (
        "SMPP 3.4",
        _("Message centres and resellers everywhere."),
        _("Host and port, system_id and password, types of numbers."),
    ),
}
CMPP_PAYERS = {
    0: _("0: the phone that receives"),
    1: _("1: the phone that asked for it"),
    2: _("2: we, the provider"),
    3: _("3: the number that is given"),
}
SGIP_IDLE = {
    "rest": _("Rest until there is something to send, as SGIP has it"),
    "reconnect": _("Connect again at once"),
}
SGIP_REASONS = {
    0: _("0: first answer to what a phone asked for"),
    1: _("1: a further answer"),
    2: _("2: nobody asked for it"),
    3: _("3: a word of the system's own"),
}
PROTOCOLS = {"cmpp": "CMPP", "sgip": "SGIP", "smgp": "SMGP", "smpp": "SMPP"}
_ONLY_VERSIONS = {"sgip": "1.2", "smpp": "3.4"}


def protocol_of(channel: Channel) -> str:
    """What a channel speaks, such as CMPP 2.0."""
    version = _ONLY_VERSIONS.get(channel.protocol) or channel.options.get("version", "3.0")
    return f"{PROTOCOLS[channel.protocol]} {version}"


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
