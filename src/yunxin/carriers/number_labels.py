"""What people call provinces, tables of numbers, and what was wrong with a file of them."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yunxin.carriers.number_models import ImportState, NumberTable
from yunxin.vocabulary import PortedOrigin, Province
from yunxin.web.tables.problems import SENTENCES, TableProblem

Text = str | Promise

PROVINCES: Mapping[Province, Text] = {
    Province.BEIJING: _("Beijing"),
    Province.TIANJIN: _("Tianjin"),
    Province.HEBEI: _("Hebei"),
    Province.SHANXI: _("Shanxi"),
    Province.INNER_MONGOLIA: _("Inner Mongolia"),
    Province.LIAONING: _("Liaoning"),
    Province.JILIN: _("Jilin"),
    Province.HEILONGJIANG: _("Heilongjiang"),
    Province.SHANGHAI: _("Shanghai"),
    Province.JIANGSU: _("Jiangsu"),
    Province.ZHEJIANG: _("Zhejiang"),
    Province.ANHUI: _("Anhui"),
    Province.FUJIAN: _("Fujian"),
    Province.JIANGXI: _("Jiangxi"),
    Province.SHANDONG: _("Shandong"),
    Province.HENAN: _("Henan"),
    Province.HUBEI: _("Hubei"),
    Province.HUNAN: _("Hunan"),
    Province.GUANGDONG: _("Guangdong"),
    Province.GUANGXI: _("Guangxi"),
    Province.HAINAN: _("Hainan"),
    Province.CHONGQING: _("Chongqing"),
    Province.SICHUAN: _("Sichuan"),
    Province.GUIZHOU: _("Guizhou"),
    Province.YUNNAN: _("Yunnan"),
    Province.TIBET: _("Tibet"),
    Province.SHAANXI: _("Shaanxi"),
    Province.GANSU: _("Gansu"),
    Province.QINGHAI: _("Qinghai"),
    Province.NINGXIA: _("Ningxia"),
    Province.XINJIANG: _("Xinjiang"),
}
# What may stand behind a province's name in a file.
PROVINCE_ENDINGS: tuple[Text, ...] = (
    pgettext_lazy("behind a province's name", "Province"),
    pgettext_lazy("behind a province's name", "Municipality"),
    pgettext_lazy("behind a province's name", "Autonomous Region"),
    pgettext_lazy("behind a province's name", "Zhuang Autonomous Region"),
    pgettext_lazy("behind a province's name", "Hui Autonomous Region"),
    pgettext_lazy("behind a province's name", "Uygur Autonomous Region"),
)
ORIGINS: Mapping[PortedOrigin, Text] = {
    PortedOrigin.IMPORTED: _("from a file"),
    PortedOrigin.MANUAL: _("entered by hand"),
    PortedOrigin.LEARNED: _("learned from a report"),
}
TABLES: Mapping[NumberTable, Text] = {
    NumberTable.PORTED: _("Ported numbers"),
    NumberTable.PLACES: _("Number places"),
}
IMPORT_STATES: Mapping[str, Text] = {
    ImportState.WAITING: _("Waiting"),
    ImportState.READING: _("Reading"),
    ImportState.SAVING: _("Saving"),
    ImportState.DONE: pgettext_lazy("an import or export", "Finished"),
    ImportState.FAILED: pgettext_lazy("an import or export", "Not finished"),
}
IMPORT_TONES: Mapping[str, str] = {
    ImportState.WAITING: "cyan",
    ImportState.READING: "blue",
    ImportState.SAVING: "blue",
    ImportState.DONE: "green",
    ImportState.FAILED: "red",
}
_PROBLEMS: Mapping[str, Text] = {
    "no_rows": _("There is no row with anything in it. The table is as it was."),
    "only_bad_rows": _(
        "Not a single row says anything usable; see below. The table is as it was: mend the file"
        " and upload it again."
    ),
    "too_many_rows": _(
        "The file has more rows than can be read at once, 1,048,575. The table is as it was: split"
        " the file, and let only the first part be the whole table."
    ),
    "internal": _(
        "Something went wrong on our side, several times. The table is as it was: upload the file"
        " again."
    ),
}
_FAULTS: Mapping[str, Text] = {
    "unreadable": _("the row cannot be read: bytes that are no text, or an open quotation mark"),
    "phone": _("this is not a mainland mobile number of 11 digits"),
    "carrier": _("the carrier is none that we know"),
    "head": _("these are not the seven leading digits of mainland mobiles"),
    "province": _("the province is none that we know"),
    "city": _("the city is longer than 40 characters"),
}


def problem(word: str) -> Text:
    """Why an import ended, in sentences; empty for none."""
    if not word:
        return ""
    if word in set(TableProblem):
        return SENTENCES[TableProblem(word)]
    return _PROBLEMS.get(word, _PROBLEMS["internal"])


def row_fault(word: str) -> str:
    """Why a row was refused."""
    return str(_FAULTS.get(word, word))
