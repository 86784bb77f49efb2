"""Extension codes are given so that every reply has one owner: checked across the whole tree."""

import pytest

from tests.factories import make_channel, make_enterprise, make_signature
from yunxin.accounts import extensions
from yunxin.accounts.enterprises import create_enterprise, edit_enterprise
from yunxin.accounts.extensions import ExtensionRefused
from yunxin.accounts.models import Enterprise
from yunxin.content.signatures import assign_extension

pytestmark = pytest.mark.django_db


def enterprise(code="", **fields):
    return make_enterprise(extension_code=code, **fields)


def signature(owner, code="", name=""):
    made = make_signature(owner, name or f"签名{len(owner.signatures.all())}")
    made.extension_code = code
    made.save()
    return made


@pytest.mark.parametrize(
    ("given", "asked", "is_free"),
    [
        ("01", "02", True),
        ("01", "01", False),
        ("01", "011", False),  # 01 with a task's 1 would be 011
        ("011", "01", False),
        ("01", "10", True),
        ("01", "", True),
        ("", "1", True),
    ],
)
def test_an_enterprises_code_neither_begins_nor_continues_anothers(given, asked, is_free):
    enterprise(given)
    other = enterprise()
    if is_free:
        assert edit_enterprise(other, by=None, extension_code=asked).extension_code == asked
    else:
        with pytest.raises(ExtensionRefused):
            edit_enterprise(other, by=None, extension_code=asked)
        with pytest.raises(ExtensionRefused):
            create_enterprise(by=None, name="Third", username="third", extension_code=asked)
        other.refresh_from_db()
        assert other.extension_code == ""
        assert not Enterprise.objects.filter(name="Third").exists()


def test_an_enterprise_may_keep_and_change_its_own_code():
    own = enterprise("01")
    signature(own, "7")
    edit_enterprise(own, by=None, extension_code="01", weight=2)
    assert edit_enterprise(own, by=None, extension_code="012").extension_code == "012"


def test_the_signatures_of_an_enterprise_without_a_code_stand_among_the_enterprises(operator):
    bare, coded = enterprise(), enterprise("01")
    sign = signature(bare)
    with pytest.raises(ExtensionRefused):
        assign_extension(signature_id=sign.pk, code="012", by=operator)
    assign_extension(signature_id=sign.pk, code="55", by=operator)
    for code in ("5", "55", "551"):
        with pytest.raises(ExtensionRefused):
            edit_enterprise(coded, by=None, extension_code=code)
    # Behind a code of its enterprise's own the same digits are elsewhere.
    edit_enterprise(bare, by=None, extension_code="02")
    assert edit_enterprise(coded, by=None, extension_code="55").extension_code == "55"
    with pytest.raises(ExtensionRefused):  # without it, 55 would be two enterprises'
        edit_enterprise(bare, by=None, extension_code="")


@pytest.mark.parametrize(
    ("code", "is_free"), [("1", False), ("12", False), ("123", False), ("13", True), ("", True)]
)
def test_signatures_of_one_enterprise_are_told_apart(operator, code, is_free):
    own, other = enterprise("01"), enterprise("02")
    signature(own, "12", "甲甲")
    signature(other, "13", "乙乙")  # behind another code: not in the way
    sign = signature(own, "", "丙丙")
    if is_free:
        done = assign_extension(signature_id=sign.pk, code=code, by=operator)
        assert done.extension_code == code
    else:
        with pytest.raises(ExtensionRefused):
            assign_extension(signature_id=sign.pk, code=code, by=operator)


def test_a_whole_number_has_twenty_digits_at_most(operator):
    make_channel(access_number="1" * 14)
    own = enterprise("0123")
    sign = signature(own)
    with pytest.raises(ExtensionRefused):
        assign_extension(signature_id=sign.pk, code="123", by=operator)
    assign_extension(signature_id=sign.pk, code="12", by=operator)
    with pytest.raises(ExtensionRefused):  # its signature would be pushed out
        edit_enterprise(own, by=None, extension_code="01234")


def test_free_digits_lead_elsewhere_only_without_a_code_of_ones_own():
    enterprise("01")
    bare, own = enterprise(), enterprise("02")
    sign = signature(bare, "55")
    assert extensions.leads_elsewhere(bare, 0, "01")
    assert extensions.leads_elsewhere(bare, 0, "017")
    assert not extensions.leads_elsewhere(bare, 0, "0")
    assert not extensions.leads_elsewhere(bare, sign.pk, "01")
    assert not extensions.leads_elsewhere(own, 0, "01")
    assert not extensions.leads_elsewhere(bare, 0, "")


def test_the_next_free_code_is_proposed(operator):
    assert extensions.propose_for_enterprise() == "001"
    own = enterprise("01")
    assert extensions.propose_for_enterprise() == "02"
    bare = enterprise()
    signature(bare, "021", "甲甲")
    assert extensions.propose_for_enterprise() == "03", "02 would be the beginning of 021"
    first = signature(own, "", "乙乙")
    assert extensions.propose_for_signature(own, first.pk) == "01"
    assign_extension(signature_id=first.pk, code="01", by=operator)
    second = signature(own, "", "丙丙")
    assert extensions.propose_for_signature(own, second.pk) == "02"


def test_where_all_short_codes_are_taken_a_longer_one_is_proposed():
    for digit in range(1, 10):
        enterprise(str(digit))
    assert extensions.propose_for_enterprise() == "01"
    enterprise("0")
    assert extensions.propose_for_enterprise() == ""


def test_what_is_proposed_is_never_refused(operator):
    own = enterprise("7")
    for number in range(30):
        sign = signature(own, "", f"签{number}")
        code = extensions.propose_for_signature(own, sign.pk)
        assign_extension(signature_id=sign.pk, code=code, by=operator)


def test_codes_are_given_one_after_the_other(django_assert_max_num_queries):
    """The lock stands before the reading, so that two operators cannot take the same code."""
    own = enterprise()
    with django_assert_max_num_queries(12) as seen:
        edit_enterprise(own, by=None, extension_code="9")
    statements = [query["sql"] for query in seen.captured_queries]
    lock = next(n for n, sql in enumerate(statements) if "pg_advisory_xact_lock" in sql)
    read = next(n for n, sql in enumerate(statements) if "UNION ALL" in sql)
    assert lock < read
