"""What people call the settings and states of the SMPP server's accounts."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yunxin.vocabulary import (
    SmppAlphabet,
    SmppBindRefusal,
    SmppReplies,
    SmppSessionMode,
    SmppSourceRule,
    SmppTextMode,
)

Text = str | Promise

TEXT_MODES: dict[SmppTextMode, Text] = {
    SmppTextMode.TEMPLATES: _("Only texts that match an approved template"),
    SmppTextMode.FREE: _("Free texts with a registered signature"),
}
SOURCE_RULES: dict[SmppSourceRule, Text] = {
    SmppSourceRule.IGNORED: _("Nothing: the enterprise's number is used"),
    SmppSourceRule.EXTENSION: _("Free digits behind the enterprise's number"),
}
REPLIES: dict[SmppReplies, Text] = {
    SmppReplies.NONE: _("No replies"),
    SmppReplies.OWN: _("Replies to what the account sent"),
    SmppReplies.ALL: _("All replies to the enterprise"),
}
ALPHABETS: dict[SmppAlphabet, Text] = {
    SmppAlphabet.GSM7: _("GSM 7-bit, one octet a character"),
    SmppAlphabet.LATIN1: _("Latin-1"),
}
SESSION_MODES: dict[SmppSessionMode, Text] = {
    SmppSessionMode.TRANSMITTER: _("Transmitter"),
    SmppSessionMode.RECEIVER: _("Receiver"),
    SmppSessionMode.TRANSCEIVER: _("Transceiver"),
}
BIND_REFUSALS: dict[SmppBindRefusal, Text] = {
    SmppBindRefusal.PASSWORD: _("The password was wrong."),
    SmppBindRefusal.DISABLED: _("The account is disabled."),
    SmppBindRefusal.SUSPENDED: _("The enterprise is suspended."),
    SmppBindRefusal.ADDRESS: _("The address is not allowed."),
    SmppBindRefusal.SESSIONS: _("As many sessions as allowed are bound already."),
}
