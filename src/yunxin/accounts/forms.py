"""Forms of accounts: what may be typed. Whether it may be done is decided by the functions."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yunxin.accounts.models import User
from yunxin.web.forms import Form

USERNAME = RegexValidator(
    r"^[A-Za-z][A-Za-z0-9_.@-]{2,63}$",
    gettext_lazy(
        "An account begins with a letter and has 3 to 64 letters, digits or the signs _ . @ -"
    ),
)
CALLABLE = RegexValidator(
    r"^[0-9+() -]{5,20}$", gettext_lazy("Enter a phone number of 5 to 20 digits.")
)
MOBILE = RegexValidator(r"^1[0-9]{10}$", gettext_lazy("Enter a mobile number of 11 digits."))
DIGITS = RegexValidator(r"^[0-9]*$", gettext_lazy("Only digits are allowed here."))


class LoginForm(Form):
    """Account and password."""

    username = forms.CharField(
        label=gettext_lazy("Account"),
        max_length=64,
        widget=forms.TextInput(
            {
                "autocomplete": "username",
                "autocapitalize": "none",
                "autofocus": True,
                "spellcheck": "false",
                "placeholder": gettext_lazy("Enter your account"),
            }
        ),
        error_messages={"required": gettext_lazy("Enter your account.")},
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(
            {
                "autocomplete": "current-password",
                "placeholder": gettext_lazy("Enter your password"),
            }
        ),
        error_messages={"required": gettext_lazy("Enter your password.")},
    )


class NewPasswordForm(Form):
    """A new password, twice."""

    new_password = forms.CharField(
        label=gettext_lazy("New password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label=gettext_lazy("New password, again"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    @staticmethod
    def rules() -> list[str]:
        """What a password must be like, a sentence each."""
        return [str(text) for text in password_validators_help_texts()]

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        validate_password(password, self.user)
        if self.user.check_password(password):
            raise forms.ValidationError(_("This is the password you have now; choose another."))
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "new_password" in cleaned and cleaned.get("repeated") != cleaned["new_password"]:
            self.add_error("repeated", _("The two new passwords are not the same."))
        return cleaned


class ChangePasswordForm(NewPasswordForm):
    """The present password and a new one, twice."""

    old_password = forms.CharField(
        label=gettext_lazy("Present password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    field_order = ("old_password", "new_password", "repeated")

    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("The present password is not right."))
        return password


class PersonForm(Form):
    """Who a user is and what they may do."""

    full_name = forms.CharField(label=gettext_lazy("Full name"), max_length=40)
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[choice for choice in User.Role.choices if choice[0] != User.Role.OPERATOR],
        initial=User.Role.SENDER,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Owners do everything and run the users; senders apply and send; viewers only read."
        ),
    )
    phone = forms.CharField(
        label=gettext_lazy("Mobile number"), max_length=11, required=False, validators=[MOBILE]
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)


class NewPersonForm(PersonForm):
    """A new user: their account name besides."""

    username = forms.CharField(
        label=gettext_lazy("Account"),
        max_length=64,
        validators=[USERNAME],
        help_text=gettext_lazy("For signing in; it cannot be changed later."),
    )
    field_order: Sequence[str] = ("username",)

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


class ContactForm(Form):
    """Whom the platform calls."""

    contact_name = forms.CharField(label=gettext_lazy("Contact"), max_length=40, required=False)
    contact_phone = forms.CharField(
        label=gettext_lazy("Contact's phone"), max_length=20, required=False, validators=[CALLABLE]
    )


class EnterpriseForm(ContactForm):
    """What operators keep about an enterprise."""

    name = forms.CharField(label=gettext_lazy("Enterprise name"), max_length=100)
    access_number = forms.CharField(
        label=gettext_lazy("Access number"),
        max_length=20,
        required=False,
        validators=[DIGITS],
        help_text=gettext_lazy(
            "The number that phones show, such as 1069…; the channel's if empty."
        ),
    )
    extension_code = forms.CharField(
        label=gettext_lazy("Extension code"),
        max_length=8,
        required=False,
        validators=[DIGITS],
        help_text=gettext_lazy(
            "Digits after the access number that lead replies to this enterprise."
        ),
    )
    weight = forms.IntegerField(
        label=gettext_lazy("Share of the lines"),
        min_value=1,
        max_value=100,
        initial=1,
        help_text=gettext_lazy("1 is ordinary; 2 gets twice as much when the lines are full."),
    )
    field_order: Sequence[str] = (
        "name", "contact_name", "contact_phone", "access_number", "extension_code", "weight",
    )  # fmt: skip


class NewEnterpriseForm(EnterpriseForm):
    """A new enterprise with its first user, the owner."""

    username = forms.CharField(
        label=gettext_lazy("Owner's account"),
        max_length=64,
        validators=[USERNAME],
        help_text=gettext_lazy("The first user; an initial password is shown after saving."),
    )
    full_name = forms.CharField(
        label=gettext_lazy("Owner's full name"), max_length=40, required=False
    )
    field_order: Sequence[str] = ("name", "username", "full_name")

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


class OperatorForm(Form):
    """A new operator."""

    username = forms.CharField(label=gettext_lazy("Account"), max_length=64, validators=[USERNAME])
    full_name = forms.CharField(label=gettext_lazy("Full name"), max_length=40)

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


class ReasonForm(Form):
    """Why something is done."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("The enterprise reads this sentence."),
    )
