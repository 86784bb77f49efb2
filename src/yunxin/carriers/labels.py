"""What people call carriers, states of a line, and the choices of a channel."""

from django.utils.translation import gettext_lazy as _

from yunxin.vocabulary import (
    BindMode,
    BlockReason,
    CarrierName,
    IdRule,
    LinkState,
    WireAlphabet,
)

CARRIERS = {
    CarrierName.MOBILE: _("China Mobile"),
    CarrierName.UNICOM: _("China Unicom"),
    CarrierName.TELECOM: _("China Telecom"),
    CarrierName.BROADNET: _("China Broadnet"),
    CarrierName.UNKNOWN: _("Unknown carrier"),
}
NAMED_CARRIERS = {name: label for name, label in CARRIERS.items() if name != CarrierName.UNKNOWN}
LINK_STATES = {
    LinkState.BOUND: _("Connected"),
    LinkState.CONNECTING: _("Connecting"),
    LinkState.REFUSED: _("Log-in refused"),
    LinkState.DOWN: _("Not connected"),
    LinkState.STOPPED: _("Stopped"),
}
LINK_TONES = {
    LinkState.BOUND: "green",
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
