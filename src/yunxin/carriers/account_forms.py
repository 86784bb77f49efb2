"""The form of a channel, one for each protocol: what all have (`forms`), and the protocol's own.

What only a protocol knows stands in the column `options`. Which options there are, their defaults
and bounds are those of `yunxin.channel_options`, which the engine reads too; here they get labels,
help and their place on the page. Options that no field shows are kept as they are.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any, ClassVar, NamedTuple

import msgspec
from django import forms
from django.core.validators import MaxLengthValidator, RegexValidator
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _
from msgspec import inspect

from yunxin.carriers import labels
from yunxin.carriers.forms import ChannelForm, between
from yunxin.channel_options import (
    FACTS,
    KINDS,
    CmppOptions,
    SgipOptions,
    SmgpOptions,
    SmppOptions,
)
from yunxin.vocabulary import CarrierProtocol, WireAlphabet

_DIGITS = "^[0-9]*$"
_DIGITS_ONLY = _("Enter digits only.")
_SIGNS_ONLY = _("Enter letters, digits and signs of ASCII only.")
_VISIBLE = RegexValidator(r"^[!-~]+\Z", _SIGNS_ONLY)

ATTEMPTS = _("Tries of an unanswered message")
ATTEMPTS_HELP = _("Sent again with the same number, 1 to 5 times in all; 1: never again.")
SERVICE = _("Business code (Service_Id)")
STRICT = _("Leave a carrier that cannot show that it knows the password")
MESSAGE_ACCOUNT_HELP = _("The provider's code in every message; empty: the account.")
FEES = _("Who pays")
RARE = _("Rarely changed")
USUAL_RARE = ("dest_prefix", "enquire_every_s", "answer_timeout_s")


class NetworksField(forms.CharField):
    """Networks such as 192.0.2.0/28, a line each; a list of them."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 3, "placeholder": "192.0.2.0/28"})
        super().__init__(widget=widget, max_length=1000, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def clean(self, value: Any) -> Any:
        typed = str(super().clean(value)).replace(",", " ").split()
        for one in typed:
            try:
                ip_network(one)
            except ValueError:
                raise forms.ValidationError(
                    _("%(network)s is no network. Write an address, or one such as 192.0.2.0/28.")
                    % {"network": one}
                ) from None
        return typed


def _known(kind: type[msgspec.Struct]) -> dict[str, inspect.Field]:
    """The options of a protocol by name."""
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)
    return {field.name: field for field in found.fields}


_KNOWN = {protocol: _known(kind) for protocol, kind in KINDS.items()}


def option(
    kind: type[msgspec.Struct], name: str, label: Any, help_text: Any = "", choices: Any = None
) -> forms.Field:
    """The field of a protocol's option: its kind, default and bounds come from `channel_options`.

    Args:
        choices: words for each value, where there are few.
    """
    known = _known(kind)[name]
    usual: dict[str, Any] = {"label": label, "help_text": help_text}
    if known.default is not inspect.NODEFAULT:
        usual["initial"] = known.default
    match known.type:
        case inspect.BoolType():
            return forms.BooleanField(required=False, **usual)
        case inspect.LiteralType(values=values):
            return forms.ChoiceField(
                choices=choices or [(value, value) for value in values], **usual
            )
        case inspect.IntType() if choices is not None:
            return forms.TypedChoiceField(coerce=int, choices=choices, **usual)
        case inspect.IntType(ge=least, le=most, lt=below):
            return forms.IntegerField(
                min_value=least, max_value=most if below is None else below - 1, **usual
            )
        case inspect.StrType(max_length=size, pattern=pattern):
            wrong = _DIGITS_ONLY if pattern == _DIGITS else _SIGNS_ONLY
            signs = [RegexValidator(pattern, wrong)] if pattern else []
            return forms.CharField(max_length=size, required=False, validators=signs, **usual)
        case _:
            return NetworksField(**usual)


class Section(NamedTuple):
    """Fields that stand together, row by row.

    Args:
        is_folded: shown when somebody asks for it, or when something in it is wrong.
    """

    title: Any
    rows: Sequence[Sequence[str]]
    is_folded: bool = False


class Shown(NamedTuple):
    """A section as the template shows it."""

    title: Any
    rows: list[list[BoundField]]
    is_folded: bool
    is_open: bool


class AccountForm(ChannelForm):
    """A channel of one protocol.

    Attributes:
        sections: where the protocol's own fields stand; every one of them.
        aside: those of them that are no settings.
    """

    protocol: ClassVar[CarrierProtocol]
    name_label: ClassVar[Any]
    name_help: ClassVar[Any] = ""
    sections: ClassVar[tuple[Section, ...]]
    aside: ClassVar[frozenset[str]] = frozenset()
    alphabets: ClassVar[dict[WireAlphabet, Any]] = labels.ALPHABETS | {
        WireAlphabet.GSM7_OR_UCS2: _("ASCII where the text allows it, else UCS-2")
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        facts = FACTS[self.protocol]
        instance = kwargs.get("instance")
        options = instance.options if instance else {}
        start: dict[str, Any] = {n: options[n] for n in self.own_options() if n in options}
        if instance is None:
            start |= {
                "port": facts.port,
                "window": facts.window,
                "dest_prefix": facts.dest_prefix,
                "enquire_every_s": facts.enquire_every_s,
                "answer_timeout_s": facts.answer_timeout_s,
            }
        kwargs["initial"] = start | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.instance.protocol = self.protocol
        name = self.fields["system_id"]
        name.label, name.help_text = self.name_label, self.name_help
        _limit(name, facts.name_size_max)
        name.validators.append(_VISIBLE)
        _limit(self.fields["password"], facts.password_size_max)
        alphabet = self.fields["alphabet"]
        assert isinstance(alphabet, forms.ChoiceField)
        alphabet.choices = list(self.alphabets.items())

    @classmethod
    def own_options(cls) -> list[str]:
        """The options of the protocol that the form has fields for."""
        return [name for name in cls.base_fields if name in _KNOWN[cls.protocol]]

    @property
    def values(self) -> dict[str, Any]:
        """What `channels` takes: the columns, and the options with those that no field shows."""
        options = dict(self.instance.options)
        for name in self.own_options():
            value = self.cleaned_data[name]
            if name in options or value != self._usual(name):
                options[name] = value
        return {**self.cleaned_data, "protocol": self.protocol, "options": options}

    @property
    def deliver_password_given(self) -> str | None:
        """The new password of the carrier's own log-in; None where what is stored stays."""
        return None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                msgspec.convert(self.values["options"], KINDS[self.protocol], strict=False)
            except msgspec.ValidationError as error:  # an option that no field shows
                sentence = _("The engine cannot use these settings: %(why)s") % {"why": error}
                self.add_error(None, sentence)
        return data

    def shown_sections(self) -> list[Shown]:
        """The sections with their fields, for the template."""
        shown = []
        for section in self.sections:
            rows = [[self[name] for name in row if name in self.fields] for row in section.rows]
            is_wrong = any(field.errors for row in rows for field in row)
            shown.append(Shown(section.title, [r for r in rows if r], section.is_folded, is_wrong))
        return shown

    def facts(self) -> Iterator[tuple[Any, Any]]:
        """The protocol's own settings as they are stored, in words; secrets are left out."""
        for section in self.sections:
            for name in (name for row in section.rows for name in row if name in self.fields):
                field = self.fields[name]
                if not isinstance(field.widget, forms.PasswordInput) and name not in self.aside:
                    yield field.label, _in_words(field, self.get_initial_for_field(field, name))

    def _usual(self, name: str) -> Any:
        default = _KNOWN[self.protocol][name].default
        return list(default) if isinstance(default, tuple) else default


def _limit(field: forms.Field, size: int) -> None:
    """Let a text be so long and no longer, whatever the column has room for."""
    others = [one for one in field.validators if not isinstance(one, MaxLengthValidator)]
    field.validators = [*others, MaxLengthValidator(size)]
    field.widget.attrs["maxlength"] = str(size)


def _in_words(field: forms.Field, value: Any) -> Any:
    if isinstance(field, forms.ChoiceField):
        return dict(field.choices).get(value, value)  # type: ignore[arg-type]
    if isinstance(field, forms.BooleanField):
        return _("Yes") if value else _("No")
    if isinstance(value, (list, tuple)):
        return ", ".join(value) or "—"
    return "—" if value in ("", None) else value


def _bind_mode() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Sessions are bound as"), choices=labels.BIND_MODES.items(), initial="transceiver"
    )


class SmppForm(AccountForm):
    """An account at an SMPP 3.4 message centre."""

    protocol = CarrierProtocol.SMPP
    name_label = _("Account (system_id)")
    name_help = _("At most 15 characters.")
    alphabets = labels.ALPHABETS
    sections = (
        Section("", (("system_type", "bind_mode"), ("id_rule",))),
        Section(
            RARE,
            (("source_ton", "source_npi", "dest_ton", "dest_npi"), USUAL_RARE, ("attempts",)),
            is_folded=True,
        ),
    )

    bind_mode = _bind_mode()
    id_rule = forms.ChoiceField(
        label=_("Message ids of receipts"),
        choices=labels.ID_RULES.items(),
        initial="as_is",
        help_text=_("How a receipt's message id compares with the submit answer's."),
    )
    attempts = option(SmppOptions, "attempts", ATTEMPTS, ATTEMPTS_HELP)

    class Meta(ChannelForm.Meta):
        fields = (
            *ChannelForm.Meta.fields, "system_type", "bind_mode", "id_rule",
            "source_ton", "source_npi", "dest_ton", "dest_npi",
        )  # fmt: skip
        labels = ChannelForm.Meta.labels | {
            "system_type": _("System type"),
            "source_ton": _("Source TON"),
            "source_npi": _("Source NPI"),
            "dest_ton": _("Destination TON"),
            "dest_npi": _("Destination NPI"),
        }

    # 3GPP TS 23.040 §9.1.2.5: type of number has 3 bits, numbering plan 4
    def clean_source_ton(self) -> int:
        return between(self.cleaned_data["source_ton"], 0, 7)

    def clean_dest_ton(self) -> int:
        return between(self.cleaned_data["dest_ton"], 0, 7)

    def clean_source_npi(self) -> int:
        return between(self.cleaned_data["source_npi"], 0, 18)

    def clean_dest_npi(self) -> int:
        return between(self.cleaned_data["dest_npi"], 0, 18)


class CmppForm(AccountForm):
    """An account at a gateway of China Mobile's protocol."""

    protocol = CarrierProtocol.CMPP
    name_label = _("Account (provider code, Source_Addr)")
    name_help = _("At most six characters, as the carrier assigned them.")
    sections = (
        Section("", (("version", "service_id", "account"), ("strict",))),
        Section(
            FEES,
            (("fee_user_type", "fee_type"), ("fee_code", "fee_terminal_id")),
            is_folded=True,
        ),
        Section(RARE, (USUAL_RARE, ("attempts",)), is_folded=True),
    )

    version = option(
        CmppOptions, "version", _("Version"), _("As the carrier's sheet says: 2.0 or 3.0.")
    )
    service_id = option(
        CmppOptions, "service_id", SERVICE, _("At most 10 characters, as the carrier assigned it.")
    )
    account = option(CmppOptions, "account", _("Provider code (Msg_src)"), MESSAGE_ACCOUNT_HELP)
    strict = option(CmppOptions, "strict", STRICT)
    fee_user_type = option(
        CmppOptions, "fee_user_type", _("Who is charged (Fee_UserType)"),
        choices=labels.CMPP_PAYERS.items(),
    )  # fmt: skip
    fee_type = option(
        CmppOptions, "fee_type", _("Kind of fee (FeeType)"),
        _("01 free, 02 for each message, 03 by the month."),
    )  # fmt: skip
    fee_code = option(
        CmppOptions, "fee_code", _("Fee (FeeCode)"), _("In cents of a yuan, up to 6 digits.")
    )
    fee_terminal_id = option(
        CmppOptions, "fee_terminal_id", _("Number that pays (Fee_terminal_Id)"),
        _("Only where a number of its own is charged."),
    )  # fmt: skip
    attempts = option(CmppOptions, "attempts", ATTEMPTS, ATTEMPTS_HELP)


class SgipForm(AccountForm):
    """An account at a gateway of China Unicom's protocol; the carrier connects to us as well."""

    protocol = CarrierProtocol.SGIP
    name_label = _("Account (login name)")
    name_help = _("At most 16 characters.")
    aside = frozenset({"forget_deliver_password"})
    sections = (
        Section("", (("node", "corp_id", "service_type"), ("idle",))),
        Section(
            _("The carrier's own connection to us"),
            (
                ("listen_port", "listen_host"),
                ("networks",),
                ("deliver_name", "deliver_password"),
                ("forget_deliver_password",),
            ),
        ),
        Section(
            FEES,
            (("charge_number", "fee_type"), ("fee_value", "given_value", "mt_flag")),
            is_folded=True,
        ),
        Section(RARE, (USUAL_RARE, ("attempts",)), is_folded=True),
    )

    node = option(
        SgipOptions, "node", _("Our node number"),
        _("3, the area code in four digits, the company code in five, such as 3010012345."),
    )  # fmt: skip
    corp_id = option(SgipOptions, "corp_id", _("Company code (CorpId)"), _("Five digits."))
    service_type = option(
        SgipOptions, "service_type", _("Business code (ServiceType)"),
        _("At most 10 characters, as the carrier assigned it."),
    )  # fmt: skip
    idle = option(
        SgipOptions, "idle", _("After a session that had nothing to send"),
        choices=labels.SGIP_IDLE.items(),
    )  # fmt: skip
    listen_port = option(
        SgipOptions, "listen_port", _("Port where the carrier connects to us"),
        _("Receipts and replies come that way; channels may share it. 0: none, no receipts."),
    )  # fmt: skip
    listen_host = option(
        SgipOptions, "listen_host", _("Our address for it"), _("0.0.0.0: all of the machine's.")
    )
    networks = option(
        SgipOptions, "networks", _("The carrier's networks"),
        _("From where it connects, a line each. Empty: from anywhere, by the password alone."),
    )  # fmt: skip
    deliver_name = option(
        SgipOptions, "deliver_name", _("The carrier's login name"), _("Empty: that of the account.")
    )
    deliver_password = forms.CharField(
        label=_("The carrier's password"),
        max_length=FACTS[CarrierProtocol.SGIP].password_size_max,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: that of the account."),
    )
    forget_deliver_password = forms.BooleanField(
        label=_("Forget the carrier's password that is stored; the account's holds from now on"),
        required=False,
    )
    charge_number = option(
        SgipOptions, "charge_number", _("Number that pays (ChargeNumber)"),
        _("21 zeros: we do. Empty: each phone. Or a number with 86."),
    )  # fmt: skip
    fee_type = option(
        SgipOptions, "fee_type", _("Kind of fee (FeeType)"),
        _("1 free, 2 for each message, 3 by the month, 4 our own affair."),
    )  # fmt: skip
    fee_value = option(
        SgipOptions, "fee_value", _("Fee (FeeValue)"), _("In cents of a yuan, up to 6 digits.")
    )
    given_value = option(
        SgipOptions, "given_value", _("Free messages given (GivenValue)"), _("Up to 6 digits.")
    )
    mt_flag = option(
        SgipOptions, "mt_flag", _("Why it is sent (MorelatetoMTFlag)"),
        choices=labels.SGIP_REASONS.items(),
    )  # fmt: skip
    attempts = option(SgipOptions, "attempts", ATTEMPTS, ATTEMPTS_HELP)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self._has_stored:
            words = _("Empty keeps the password that is stored.")
            self.fields["deliver_password"].help_text = words
        else:
            del self.fields["forget_deliver_password"]

    @property
    def _has_stored(self) -> bool:
        return bool(self.instance.options.get("deliver_password_sealed"))

    @property
    def deliver_password_given(self) -> str | None:
        if self.cleaned_data.get("forget_deliver_password"):
            return ""
        return self.cleaned_data["deliver_password"] or None

    def clean_window(self) -> int:
        return between(self.cleaned_data["window"], 1, FACTS[self.protocol].window)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.errors or not data["listen_port"] or data["networks"]:
            return data
        keeps = self._has_stored and not data.get("forget_deliver_password")
        if not (
            data["password"] or self.instance.password_sealed or data["deliver_password"] or keeps
        ):
            self.add_error(
                "networks",
                _("Anybody could log in as the carrier: give a password, or its networks."),
            )
        return data


class SmgpForm(AccountForm):
    """An account at a gateway of China Telecom's protocol."""

    protocol = CarrierProtocol.SMGP
    name_label = _("Account (ClientID)")
    name_help = _("At most 8 characters.")
    sections = (
        Section("", (("version", "service_id", "account"), ("bind_mode",), ("strict",))),
        Section(
            FEES,
            (("fee_type", "fee_code"), ("fixed_fee", "charge_term_id")),
            is_folded=True,
        ),
        Section(RARE, (USUAL_RARE, ("attempts",)), is_folded=True),
    )

    version = option(
        SmgpOptions, "version", _("Version"), _("As the carrier's sheet says: 1.3 or 3.0.")
    )
    service_id = option(
        SmgpOptions, "service_id", SERVICE, _("At most 10 characters, as the carrier assigned it.")
    )
    account = option(SmgpOptions, "account", _("Provider code (MsgSrc)"), MESSAGE_ACCOUNT_HELP)
    bind_mode = _bind_mode()
    strict = option(SmgpOptions, "strict", STRICT)
    fee_type = option(
        SmgpOptions, "fee_type", _("Kind of fee (FeeType)"),
        _("00 free, 01 for each message, 02 by the month, 03 for each up to a sum."),
    )  # fmt: skip
    fee_code = option(
        SmgpOptions, "fee_code", _("Fee (FeeCode)"), _("In cents of a yuan, up to 6 digits.")
    )
    fixed_fee = option(
        SmgpOptions, "fixed_fee", _("Monthly fee (FixedFee)"),
        _("In cents of a yuan, up to 6 digits."),
    )  # fmt: skip
    charge_term_id = option(
        SmgpOptions, "charge_term_id", _("Number that pays (ChargeTermID)"),
        _("Empty: the destination."),
    )  # fmt: skip
    attempts = option(SmgpOptions, "attempts", ATTEMPTS, ATTEMPTS_HELP)

    class Meta(ChannelForm.Meta):
        fields = (*ChannelForm.Meta.fields, "bind_mode")


FORMS: dict[CarrierProtocol, type[AccountForm]] = {
    form.protocol: form for form in (CmppForm, SgipForm, SmgpForm, SmppForm)
}
