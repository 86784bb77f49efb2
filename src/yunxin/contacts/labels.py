"""What people read: words of the fields, and sentences for what cannot be taken."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yunxin.text.people import LENGTHS_MAX, Gender, Problem, Reason

FIELDS: dict[str, Any] = {
    "phone": _("Mobile number"),
    "name": pgettext_lazy("contact", "Name"),
    "gender": _("Gender"),
    "birthday": _("Birthday"),
    "industry": _("Industry"),
    "position": _("Position"),
    "company": _("Company"),
    "remark": pgettext_lazy("contact", "Remark"),
}
GENDERS: dict[str, str | Promise] = {
    Gender.UNSAID: _("Not said"),
    Gender.MALE: _("Male"),
    Gender.FEMALE: _("Female"),
}
_SENTENCES: dict[Reason, str | Promise] = {
    Reason.REQUIRED: _("Please fill in “%(field)s”."),
    Reason.TOO_LONG: _("“%(field)s” has more than %(most)d characters. Shorten it."),
    Reason.CHARACTERS: _("There is a character that cannot be seen. Remove it."),
    Reason.PHONE: _("This is not a mainland mobile number: 11 digits that begin with 13 to 19."),
    Reason.GENDER: _("Enter male or female, or leave it empty."),
    Reason.BIRTHDAY: _("Enter a day from 1900 on, such as 1990-12-12."),
    Reason.FUTURE: _("This day is yet to come. Enter a birthday."),
}


def sentence(problem: Problem) -> str:
    """Why a field of a person cannot be taken, and what to do."""
    words = {
        "field": FIELDS[problem.field],
        "most": LENGTHS_MAX.get(problem.field, 0),
    }
    return str(_SENTENCES[problem.reason]) % words
