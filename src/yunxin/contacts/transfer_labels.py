"""The words of imports and exports as people read them: columns, states, problems, faults."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from yunxin.contacts import labels
from yunxin.contacts.rows import FileProblem, RowFault
from yunxin.contacts.transfers import ExportState, ImportState
from yunxin.text.people import FIELDS, LENGTHS_MAX, Gender, Reason
from yunxin.web.tables.cells import FaultKind
from yunxin.web.tables.problems import SENTENCES, TableProblem

Text = str | Promise

WIDTHS: Mapping[str, int] = {
    "phone": 16, "name": 14, "gender": 8, "birthday": 14, "industry": 14, "position": 14,
    "company": 26, "remark": 30,
}  # fmt: skip
GENDERS: Mapping[str, Text] = {**labels.GENDERS, Gender.UNSAID: ""}  # in files, unsaid is empty
IMPORT_STATES: Mapping[str, Text] = {
    ImportState.WAITING: _("Waiting"),
    ImportState.READING: _("Reading"),
    ImportState.SAVING: _("Saving"),
    ImportState.DONE: pgettext_lazy("an import or export", "Finished"),
    ImportState.FAILED: pgettext_lazy("an import or export", "Not finished"),
}
EXPORT_STATES: Mapping[str, Text] = {
    ExportState.WAITING: _("Waiting"),
    ExportState.WRITING: _("Writing"),
    ExportState.DONE: pgettext_lazy("an import or export", "Finished"),
    ExportState.FAILED: pgettext_lazy("an import or export", "Not finished"),
}
TONES: Mapping[str, str] = {
    "waiting": "cyan", "reading": "blue", "saving": "blue", "writing": "blue", "done": "green",
    "failed": "red",
}  # fmt: skip
_PROBLEMS: Mapping[str, Text] = {
    FileProblem.NO_HEADINGS: _(
        "No column is headed “Mobile number” in the first rows; they begin with: %(detail)s. Put "
        "the headings of the template above your rows."
    ),
    FileProblem.NO_ROWS: _(
        "There is nothing below the headings. Fill in a row for each contact and upload the file "
        "again."
    ),
    FileProblem.ONLY_BAD_ROWS: _(
        "Not a single row could be taken in. See below what is wrong with them, mend the file and "
        "upload it again."
    ),
    FileProblem.BOOK_FULL: _(
        "The address book is full, so the import stopped. Delete contacts, or ask the service to "
        "raise the limit, and upload the file again: what is there already is not taken in twice."
    ),
    FileProblem.GROUP_GONE: _(
        "The group “%(detail)s” was deleted while contacts were put into it, so the import "
        "stopped. Upload the file again for another group: what is there already is not taken in "
        "twice."
    ),
    FileProblem.INTERNAL: _(
        "Something went wrong on our side, several times. Upload the file again, or ask the "
        "service: what is there already is not taken in twice."
    ),
}
_FAULTS: Mapping[str, Text] = {
    Reason.REQUIRED: _("%(field)s is missing"),
    Reason.TOO_LONG: _("%(field)s is longer than %(most)s characters"),
    Reason.CHARACTERS: _("%(field)s contains characters that cannot be shown"),
    Reason.PHONE: _("%(field)s is not a mainland mobile number of 11 digits"),
    Reason.GENDER: _("%(field)s is neither male nor female"),
    Reason.BIRTHDAY: _("%(field)s is not a date such as 1990-12-12"),
    Reason.FUTURE: _("%(field)s lies in the future"),
    RowFault.DUPLICATE: _("%(field)s stands in row %(detail)s already"),
    RowFault.DIGITS_LOST: _(
        "%(field)s is written like 1.38E+10, its last digits are lost; format the column as text"
    ),
    FaultKind.FORMULA: _("%(field)s is a formula without a result; save the file once more"),
    FaultKind.ERROR: _("%(field)s shows an error of the spreadsheet"),
}
_ROW_FAULTS: Mapping[str, Text] = {
    FaultKind.ENCODING: _("the row contains bytes that are no text"),
    FaultKind.QUOTE: _("a quotation mark is opened and never closed"),
    FaultKind.TOO_LONG: _("the row is too long"),
}


def problem(word: str, detail: str) -> str:
    """Why an import ended, in sentences; empty for none."""
    if not word:
        return ""
    if word in set(TableProblem):
        return str(SENTENCES[TableProblem(word)])
    return str(_PROBLEMS.get(word, _PROBLEMS[FileProblem.INTERNAL])) % {"detail": detail}


def faults(words: str) -> str:
    """Why a row was refused, of words such as `phone:required birthday:future`."""
    return pgettext("between reasons", "; ").join(map(_fault, words.split()))


def _fault(word: str) -> str:
    field, _colon, rest = word.partition(":")
    reason, _colon, detail = rest.partition(":")
    if not field:
        return str(_ROW_FAULTS.get(reason, reason))
    sentence = str(_FAULTS.get(reason, "%(field)s"))
    most = LENGTHS_MAX.get(field, "")
    return sentence % {"field": labels.FIELDS.get(field, field), "detail": detail, "most": most}


def dress(runs: Iterable[Any], states: Mapping[str, Text]) -> None:
    """Give each run of a list what its state is called, and its colour."""
    for run in runs:
        run.state_label, run.tone = states[run.state], TONES[run.state]


def headings() -> Sequence[str]:
    """The headings of a file in the language at hand."""
    return [str(labels.FIELDS[field]) for field in FIELDS]
