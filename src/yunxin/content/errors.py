"""What may go wrong when something is applied for or decided: one base class, plain sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ContentError(Exception):
    """What was asked for cannot be done; nothing was changed.

    `sentence` says why and what to do, `field` the form field that it is about ("" for all).
    """

    sentence: str | Promise = _("This cannot be done.")
    field = ""

    def __str__(self) -> str:
        return str(self.sentence)


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One finding about a text: the rule, the field it stands in, and a sentence with the mend."""

    rule: str
    field: str
    sentence: str
    refuses: bool = True  # False: may be submitted, though the reviewer will look at it


class Refused(ContentError):
    """The application breaks rules; each is named in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problem for problem in problems if problem.refuses)
        self.field = self.problems[0].field
        self.sentence = self.problems[0].sentence


class SignatureExists(ContentError):
    """This enterprise has the signature already; a closed one is applied for again."""

    field = "name"
    sentence = _(
        "You have this signature already. If it was cancelled or rejected,"
        " apply for it again from the list."
    )


class SignatureNotUsable(ContentError):
    """The signature was cancelled or rejected."""

    field = "signature"
    sentence = _(
        "This signature was cancelled or rejected. Choose one that is approved or under review."
    )


class NotLive(ContentError):
    """Only a signature that is approved or under review can be cancelled."""

    sentence = _("Only a signature that is approved or under review can be cancelled.")


class NotClosed(ContentError):
    """Only a cancelled or rejected signature can be applied for again."""

    sentence = _("Only a cancelled or rejected signature can be applied for again.")


class AlreadyReviewed(ContentError):
    """Somebody else decided it, or it was withdrawn, while it was being looked at."""

    sentence = _(
        "This is no longer waiting: another reviewer decided it, or it was withdrawn."
        " Nothing was changed."
    )


class ChangedMeanwhile(ContentError):
    """The applicant changed it while it was being looked at."""

    sentence = _("The applicant changed this while you were looking at it. Please read it again.")


class ReasonMissing(ContentError):
    """A rejection tells the applicant why."""

    field = "reason"
    sentence = _("Say why, so that the applicant can mend it.")


class TrafficRefused(ContentError):
    """Marketing texts travel as marketing, industry texts as verification codes or notices."""

    field = "traffic"
    sentence = _(
        "A marketing SMS travels as marketing, an industry SMS as a verification code or a notice."
    )


class TemplateDeleted(ContentError):
    """The template was deleted."""

    sentence = _("This template was deleted.")


class LibraryTemplateGone(ContentError):
    """The template is no longer in the common template library."""

    field = "library_template"
    sentence = _("This template is no longer in the library. Choose another one.")


class NameTaken(ContentError):
    """The library has a template of this name in the industry."""

    field = "name"
    sentence = _("This industry has a template of this name already. Choose another name.")
