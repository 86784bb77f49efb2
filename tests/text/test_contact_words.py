"""What variables are called by people, and which field of a contact they mean."""

import pytest

from yunxin.text.contact_words import field_meant


@pytest.mark.parametrize(
    ("variable", "field"),
    [("姓名", "name"), (" 客户姓名 ", "name"), ("Name", "name"), ("公司", "company"), ("金额", "")],
)
def test_the_field_that_is_meant(variable, field):
    assert field_meant(variable) == field
