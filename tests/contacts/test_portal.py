"""The address book's pages: list, form, questions; who may do what, and what strangers see."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.contacts.counting import check_counts
from tests.contacts.scene import make_contact, make_group
from yunxin.accounts.models import Enterprise, User
from yunxin.contacts import people
from yunxin.contacts.models import Contact

LIST = reverse("contacts:contacts")


@pytest.fixture
def owner(client: Client, acme: Enterprise) -> Client:
    client.force_login(acme.users.get())
    return client


@pytest.fixture
def viewer(acme: Enterprise) -> Client:
    client = Client()
    client.force_login(factories.make_user(acme, "looker", role=User.Role.VIEWER))
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


# The list ----------------------------------------------------------------------------------------


def test_the_list_shows_everybody_and_the_tree(owner: Client, acme: Enterprise) -> None:
    top = make_group(acme, "客户")
    below = make_group(acme, "华东", top)
    make_contact(acme, 1, "张三", groups=[below], gender="男", birthday="1990-12-12", remark="老友")
    make_contact(acme, 2, "李四", groups=[top])
    page = text_of(owner.get(LIST))
    for words in ("13000000001", "张三", "男", "1990-12-12", "老友", "(1 / 2)", "(1 / 1)"):
        assert words in page
    in_group = text_of(owner.get(LIST, {"group": below}))
    assert "张三" in in_group and "李四" not in in_group
    with_those_under_it = text_of(owner.get(LIST, {"group": top, "below": "1"}))
    assert "张三" in with_those_under_it and "李四" in with_those_under_it


def test_a_search_by_initials_finds(owner: Client, acme: Enterprise) -> None:
    make_contact(acme, 1, "张三")
    make_contact(acme, 2, "李四")
    page = text_of(owner.get(LIST, {"q": "ls"}))
    assert "李四" in page and "张三" not in page
    assert "共 1 项" in page


def test_the_list_asks_the_database_no_more_for_more_rows(
    owner: Client, acme: Enterprise, django_assert_num_queries: Any
) -> None:
    group_id = make_group(acme, "G")
    for number in range(30):
        make_contact(acme, number, groups=[group_id])
    owner.get(LIST)
    # session, user, enterprise, notices, balance, tree, book twice (or group and book), rows,
    # a change in the background
    for query in ({}, {"size": "20"}, {"group": group_id}):
        with django_assert_num_queries(10):
            owner.get(LIST, query)


@pytest.mark.parametrize("value", ["0", "x", "-1", "9" * 30])
def test_a_group_that_is_none_is_404(owner: Client, value: str) -> None:
    assert owner.get(LIST, {"group": value}).status_code == 404


def test_an_empty_book_says_what_to_do(owner: Client, acme: Enterprise) -> None:
    assert "通讯录中还没有联系人" in text_of(owner.get(LIST))
    group_id = make_group(acme, "G")
    assert "该分组中还没有联系人" in text_of(owner.get(LIST, {"group": group_id}))


def test_what_was_typed_into_a_contact_is_never_markup(owner: Client, acme: Enterprise) -> None:
    make_group(acme, "<b>G</b>")
    make_contact(acme, 1, "<i>x</i>", remark="<u>")
    page = text_of(owner.get(LIST))
    assert "<b>G" not in page and "<i>x" not in page and "<u>" not in page


# One contact -------------------------------------------------------------------------------------


def test_a_contact_is_added_into_groups(owner: Client, acme: Enterprise) -> None:
    group_id = make_group(acme, "G")
    address = reverse("contacts:new_contact") + f"?group={group_id}"
    assert "checked" in text_of(owner.get(address))
    person = {
        "phone": "+86 130 0000 0001", "name": "张三", "gender": "male", "birthday": "1990-12-12",
        "industry": "IT", "position": "前台", "company": "云信", "remark": "老友",
        "groups": [group_id],
    }  # fmt: skip
    answer = owner.post(address, person)
    assert answer["Location"] == f"{LIST}?group={group_id}"
    contact = acme.contacts.get()
    assert (contact.phone, contact.initials, contact.position) == ("13000000001", "zs", "前台")
    check_counts(acme)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"phone": ""}, "手机号"),
        ({"phone": "123"}, "这不是中国大陆手机号"),
        ({"name": " "}, "姓名"),
        ({"phone": "13000000009"}, "通讯录中已有该手机号的联系人"),
        ({"birthday": "2999-01-01"}, "该日期尚未到来"),
        ({"birthday": "no day"}, "请填写 1900 年以后的日期"),
        ({"name": "x" * 41}, "40"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(
    owner: Client, acme: Enterprise, change: dict[str, str], sentence: str
) -> None:
    make_contact(acme, 9)
    person = {"phone": "13000000001", "name": "张三", "company": "留着"} | change
    answer = owner.post(reverse("contacts:new_contact"), person)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "留着" in text_of(answer)
    assert acme.contacts.count() == 1


def test_a_contact_is_edited_with_its_phone_and_groups(owner: Client, acme: Enterprise) -> None:
    first, second = make_group(acme, "A"), make_group(acme, "B")
    contact_id = make_contact(acme, 1, "张三", groups=[first], remark="老友")
    address = reverse("contacts:edit_contact", args=[contact_id])
    assert "老友" in text_of(owner.get(address))
    owner.post(address, {"phone": "13000000002", "name": "李四", "groups": [second]})
    contact = acme.contacts.get()
    assert (contact.phone, contact.name, contact.remark) == ("13000000002", "李四", "")
    check_counts(acme)
    assert list(contact.memberships.values_list("group_id", flat=True)) == [second]


def test_deleting_a_contact_asks_once(owner: Client, acme: Enterprise) -> None:
    contact_id = make_contact(acme, 1, "张三")
    address = reverse("contacts:delete_contact", args=[contact_id])
    assert "删除联系人张三？" in text_of(owner.get(address))
    assert acme.contacts.exists()
    owner.post(address)
    assert not acme.contacts.exists()


# Groups ------------------------------------------------------------------------------------------


def test_groups_are_added_renamed_and_deleted(owner: Client, acme: Enterprise) -> None:
    owner.post(reverse("contacts:new_group"), {"name": " 客户 "})
    top = acme.contact_groups.get()
    owner.post(reverse("contacts:new_subgroup", args=[top.pk]), {"name": "华东"})
    below = acme.contact_groups.get(name="华东")
    assert below.parent_id == top.pk
    owner.post(reverse("contacts:rename_group", args=[below.pk]), {"name": "华北"})
    make_contact(acme, 1, groups=[below.pk])
    question = text_of(owner.get(reverse("contacts:delete_group", args=[top.pk])))
    assert "其下的 1 个分组也将一并删除" in question
    owner.post(reverse("contacts:delete_group", args=[top.pk]))
    assert not acme.contact_groups.exists()
    assert acme.contacts.count() == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "客户", "a\0b"])
def test_a_name_that_cannot_be_is_refused(owner: Client, acme: Enterprise, name: str) -> None:
    make_group(acme, "客户")
    answer = owner.post(reverse("contacts:new_group"), {"name": name})
    assert answer.status_code == 422
    assert acme.contact_groups.count() == 1


# Many at once ------------------------------------------------------------------------------------


def test_chosen_contacts_are_put_into_groups(owner: Client, acme: Enterprise) -> None:
    group_id = make_group(acme, "G")
    ids = [make_contact(acme, number) for number in range(3)]
    address = reverse("contacts:join_chosen") + f"?id={ids[0]}&id={ids[1]}"
    assert "将 2 个联系人添加至分组" in text_of(owner.get(address))
    assert owner.post(address).status_code == 422  # no group chosen
    owner.post(address, {"groups": [group_id]})
    check_counts(acme)
    assert acme.contact_groups.get().members == 2


def test_chosen_contacts_leave_a_group_and_stay_in_the_book(
    owner: Client, acme: Enterprise
) -> None:
    top = make_group(acme, "Top")
    below = make_group(acme, "Below", top)
    first = make_contact(acme, 1, groups=[top, below])
    make_contact(acme, 2, groups=[below])
    address = reverse("contacts:leave_chosen")
    owner.post(f"{address}?group={top}&id={first}")
    assert acme.contact_groups.get(pk=top).members == 0
    assert acme.contact_groups.get(pk=below).members == 2
    owner.post(f"{address}?group={top}&below=1&all=1&until={2**62}")
    assert acme.contact_groups.get(pk=below).members == 0
    assert acme.contacts.count() == 2
    check_counts(acme)


def test_all_found_are_those_that_were_there_when_it_was_asked(
    owner: Client, acme: Enterprise
) -> None:
    for number in range(12):
        make_contact(acme, number, f"旧{number}")
    other = make_contact(acme, 50, "别人")
    question = owner.get(reverse("contacts:delete_chosen"), {"all": "1", "q": "旧"})
    address = question["Location"]
    assert f"until={other}" in address
    assert "删除 12 个联系人？" in text_of(owner.get(address))
    make_contact(acme, 60, "旧友，刚刚加入")
    owner.post(address)
    assert set(acme.contacts.values_list("name", flat=True)) == {"别人", "旧友，刚刚加入"}


def test_nothing_chosen_is_a_hint(owner: Client, acme: Enterprise) -> None:
    for name in ("delete_chosen", "join_chosen", "leave_chosen"):
        for query in ("", "?id=x&id=99999999999999999999&id=-1", "?id=7"):
            answer = owner.get(reverse(f"contacts:{name}") + query, follow=True)
            assert "请先选择至少一个联系人" in text_of(answer)


# Twice, and two at once --------------------------------------------------------------------------


def test_every_form_that_is_sent_twice_is_carried_out_once(owner: Client, acme: Enterprise) -> None:
    top, below = make_group(acme, "Top"), make_group(acme, "Below")
    ids = [make_contact(acme, number, groups=[top, below]) for number in range(4)]
    one = {"phone": "13000000000", "name": "新"}
    for number, (name, arguments, query, form) in enumerate((
        ("edit_contact", [ids[0]], "", one),
        ("delete_contact", [ids[0]], "", {}),
        ("leave_chosen", [], f"?group={top}&id={ids[1]}", {}),
        ("join_chosen", [], f"?id={ids[1]}", {"groups": [top]}),
        ("delete_chosen", [], f"?id={ids[1]}", {}),
        ("delete_chosen", [], f"?all=1&until={ids[2]}&group={top}&q={'甲' * 100}", {}),
        ("delete_chosen", [], f"?all=1&until={ids[2]}&group={top}", {}),
        ("rename_group", [below], "", {"name": "Renamed"}),
        ("delete_group", [below], "", {}),
    )):  # fmt: skip
        address = reverse(f"contacts:{name}", args=arguments) + query
        numbered = {**form, "form_number": f"n{number}"}
        first, second = owner.post(address, numbered), owner.post(address, numbered)
        assert (first.status_code, second.status_code) == (302, 302), name
        assert first["Location"] == second["Location"], name
        said = text_of(owner.get(second["Location"]))
        assert "表单被重复提交，仅执行了一次" in said, name
    assert list(acme.contacts.values_list("pk", flat=True)) == [ids[3]]
    check_counts(acme)


def test_of_two_who_edit_a_contact_the_second_is_told(owner: Client, acme: Enterprise) -> None:
    contact_id = make_contact(acme, 1, "张三", company="旧")
    yesterday = timezone.now() - timedelta(days=1)  # a test is one transaction, and one moment
    Contact.objects.update(updated_at=yesterday)
    address = reverse("contacts:edit_contact", args=[contact_id])
    seen = owner.get(address).context["form"].initial["seen_at"]
    form = {"phone": "13000000001", "name": "张三", "seen_at": seen}
    assert owner.post(address, form | {"company": "第一"}).status_code == 302
    answer = owner.post(address, form | {"company": "第二"})
    assert answer.status_code == 422
    assert "其他人已修改过" in text_of(answer) and "第二" in text_of(answer)
    assert acme.contacts.get().company == "第一"
    again = answer.context["form"]["seen_at"].value()
    assert owner.post(address, form | {"company": "第二", "seen_at": again}).status_code == 302
    assert acme.contacts.get().company == "第二"


def test_editing_keeps_the_groups_that_somebody_else_chose_meanwhile(
    owner: Client, acme: Enterprise
) -> None:
    old, new, third = (make_group(acme, name) for name in ("A", "B", "C"))
    contact_id = make_contact(acme, 1, "张三", groups=[old])
    address = reverse("contacts:edit_contact", args=[contact_id])
    shown = owner.get(address).context["form"].initial
    people.add_to_groups(acme, [new], [contact_id])
    form = {"phone": "13000000001", "name": "张三", "groups": [third],
            "groups_seen": shown["groups_seen"], "seen_at": shown["seen_at"]}  # fmt: skip
    assert owner.post(address, form).status_code == 302
    assert people.groups_of(acme, contact_id) == [new, third]
    check_counts(acme)


# Who may what ------------------------------------------------------------------------------------


def test_a_viewer_sees_masked_phones_and_changes_nothing(viewer: Client, acme: Enterprise) -> None:
    group_id = make_group(acme, "客户")
    contact_id = make_contact(acme, 1, "张三", groups=[group_id])
    for query in ({}, {"group": group_id}, {"q": "张"}, {"q": "0001"}):
        page = text_of(viewer.get(LIST, query))
        assert "130****0001" in page and "13000000001" not in page
        assert "checkbox" not in page and "/delete/" not in page and "/new/" not in page
    assert "张三" not in text_of(viewer.get(LIST, {"q": "00000"}))
    for name, arguments in (
        ("new_contact", []), ("edit_contact", [contact_id]), ("delete_contact", [contact_id]),
        ("new_group", []), ("new_subgroup", [group_id]), ("rename_group", [group_id]),
        ("delete_group", [group_id]), ("delete_chosen", []), ("join_chosen", []),
        ("leave_chosen", []),
    ):  # fmt: skip
        address = reverse(f"contacts:{name}", args=arguments) + f"?id={contact_id}"
        assert viewer.get(address).status_code == 403
        assert viewer.post(address, {"name": "x", "phone": "13000000002"}).status_code == 403
    assert Contact.objects.get().name == "张三"


def test_a_stranger_finds_nothing(client: Client, acme: Enterprise, globex: Enterprise) -> None:
    group_id = make_group(acme, "Ours")
    contact_id = make_contact(acme, 1, "张三", groups=[group_id])
    their_group = make_group(globex, "Theirs")
    client.force_login(globex.users.get())
    assert "张三" not in text_of(client.get(LIST))
    for address in (
        f"{LIST}?group={group_id}",
        reverse("contacts:edit_contact", args=[contact_id]),
        reverse("contacts:delete_contact", args=[contact_id]),
        reverse("contacts:new_subgroup", args=[group_id]),
        reverse("contacts:rename_group", args=[group_id]),
        reverse("contacts:delete_group", args=[group_id]),
    ):
        assert client.get(address).status_code == 404
        if not address.startswith(f"{LIST}?"):
            assert client.post(address, {"name": "x", "phone": "13000000002"}).status_code == 404
    chosen = reverse("contacts:join_chosen") + f"?id={contact_id}"
    client.post(chosen, {"groups": [their_group]})
    client.post(reverse("contacts:delete_chosen") + f"?id={contact_id}")
    client.post(
        reverse("contacts:new_contact"),
        {"phone": "13000000001", "name": "x", "groups": [group_id]},
    )
    check_counts(acme)
    check_counts(globex)
    assert acme.contacts.get().name == "张三"
    assert acme.contact_groups.get().members == 1
