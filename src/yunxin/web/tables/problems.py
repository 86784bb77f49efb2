"""Why a whole file cannot be read as a table, and what people are told about it."""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class TableProblem(StrEnum):
    """Why a file is refused as a whole."""

    EMPTY = "empty"
    ENCRYPTED = "encrypted"
    OLD_OFFICE = "old_office"
    MACROS = "macros"
    BINARY_WORKBOOK = "binary_workbook"
    OPEN_DOCUMENT = "open_document"
    DOCUMENT = "document"
    ARCHIVE = "archive"
    IMAGE = "image"
    BINARY = "binary"
    DAMAGED = "damaged"
    TOO_MUCH_INSIDE = "too_much_inside"
    NO_SHEET = "no_sheet"


SENTENCES: dict[TableProblem, str | Promise] = {
    TableProblem.EMPTY: _("The file is empty. Choose a file with content."),
    TableProblem.ENCRYPTED: _(
        "The file is protected by a password. Save it without the password and upload it again."
    ),
    TableProblem.OLD_OFFICE: _(
        "This is a file of an old Office program (such as .xls), or one that is protected by a "
        "password. Save it as .xlsx without a password and upload it again."
    ),
    TableProblem.MACROS: _(
        "The workbook contains macros. Save it as an ordinary .xlsx without macros and upload it "
        "again."
    ),
    TableProblem.BINARY_WORKBOOK: _(
        "This is a binary workbook (.xlsb). Save it as .xlsx and upload it again."
    ),
    TableProblem.OPEN_DOCUMENT: _(
        "This is an OpenDocument file. Save it as .xlsx and upload it again."
    ),
    TableProblem.DOCUMENT: _(
        "This is a text document or a presentation, whatever its name says. Upload a table in "
        ".xlsx or .csv format."
    ),
    TableProblem.ARCHIVE: _(
        "This is an archive. Unpack it and upload the .xlsx or .csv file that is in it."
    ),
    TableProblem.IMAGE: _("This is a picture. Upload a table in .xlsx or .csv format."),
    TableProblem.BINARY: _(
        "This is neither a workbook nor a text. Upload a table in .xlsx or .csv format."
    ),
    TableProblem.DAMAGED: _(
        "The file is damaged, or was not copied completely. Open it in a spreadsheet program, save "
        "it again and upload the new file."
    ),
    TableProblem.TOO_MUCH_INSIDE: _(
        "Unpacked, the workbook is too large. Copy the cells you need into a new workbook, or save "
        "the table as .csv, and upload that."
    ),
    TableProblem.NO_SHEET: _(
        "The workbook has no visible sheet with cells. Put the table into its first sheet."
    ),
}


class TableRefused(ValueError):
    """The file cannot be read as a table; `sentence` says why, and what to do."""

    def __init__(self, problem: TableProblem) -> None:
        super().__init__(problem)
        self.problem = problem

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.problem])
