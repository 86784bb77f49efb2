"""What fills a variable of the template when groups are sent to: a text, or a contact's field.

A field that is empty for somebody is stood in for by the text beside it; where there is none
either, that person is refused with the reason.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from yunxin.text.contact_words import SALUTATIONS, field_meant


class Source(StrEnum):
    """What fills one variable; Campaign.sources holds them in the order of the variables."""

    TEXT = "text"
    NAME = "name"
    SALUTATION = "salutation"
    COMPANY = "company"
    POSITION = "position"
    INDUSTRY = "industry"
    BIRTHDAY = "birthday"
    PHONE = "phone"
    REMARK = "remark"


COLUMNS: Mapping[Source, str] = {
    Source.TEXT: "''",
    Source.NAME: "c.name",
    Source.SALUTATION: (
        "CASE c.gender WHEN 'male' THEN %(male)s WHEN 'female' THEN %(female)s ELSE '' END"
    ),
    Source.COMPANY: "c.company",
    Source.POSITION: "c.position",
    Source.INDUSTRY: "c.industry",
    Source.BIRTHDAY: "coalesce(to_char(c.birthday, 'YYYY-MM-DD'), '')",
    Source.PHONE: "c.phone",
    Source.REMARK: "c.remark",
}
"""SQL of each, `c` being the contact."""


def guess(variable: str) -> Source:
    """What a variable of this name is most likely filled from."""
    return Source(field_meant(variable) or Source.TEXT)


def known_source(word: str | None) -> Source:
    """The source of this word; a text for a word that means none."""
    return Source(word) if word in set(Source) else Source.TEXT


def fit(wanted: int, sources: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether each of so many variables has a source, and each text source its text."""
    if not len(sources) == len(texts) == wanted:
        return False
    return all(text or source != Source.TEXT for source, text in zip(sources, texts, strict=True))


def array(sources: Sequence[str], texts: Sequence[str]) -> tuple[str, dict[str, str]]:
    """SQL of a text[] with the value of each variable, and the values of its placeholders."""
    values = {"male": SALUTATIONS["male"], "female": SALUTATIONS["female"]}
    items = []
    for at, (source, text) in enumerate(zip(sources, texts, strict=True)):
        values[f"text_{at}"] = text
        column = COLUMNS[Source(source)]
        items.append(f"coalesce(nullif(btrim({column}), ''), %(text_{at})s::text)")
    return f"ARRAY[{', '.join(items)}]::text[]", values
