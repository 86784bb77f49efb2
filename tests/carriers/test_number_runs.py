"""Files of ported numbers and of places: read in the background, all of a file or nothing."""

import pytest
from django.urls import reverse

from yunxin.accounts.models import AuditEntry, Notice
from yunxin.carriers import number_imports, number_runs, places
from yunxin.carriers.models import (
    NumberImport,
    NumberPlace,
    PlaceTable,
    PortedNews,
    PortedNumber,
    RefusedNumber,
)
from yunxin.carriers.number_models import ImportState, NumberTable
from yunxin.vocabulary import PortedOrigin
from yunxin.web import uploads
from yunxin.web.models import StoredFile

pytestmark = pytest.mark.django_db


def given(text, table, by, *, replaces=False):
    """A file as it is when its upload is complete."""
    data = text if isinstance(text, bytes) else text.encode()
    file = uploads.store(
        [data], name="numbers.csv", enterprise_id=0, by_id=by.pk,
        accepts=(uploads.TEXT, uploads.PDF), size_bytes_max=1 << 20, restricted=True,
    )  # fmt: skip
    run = number_imports.begin_upload(table, file, replaces=replaces, by=by)
    NumberImport.objects.filter(pk=run.pk).update(state=ImportState.WAITING)
    return run


def taken(text, table, by, **options):
    run = given(text, table, by, **options)
    number_runs.carry_out(run.pk)
    run.refresh_from_db()
    return run


def ported(text, by, **options):
    return taken(text, NumberTable.PORTED, by, **options)


def numbers():
    return dict(PortedNumber.objects.values_list("phone", "carrier"))


def heads():
    return {row.head: (row.province, row.city, row.carrier) for row in NumberPlace.objects.all()}


# Ported numbers ----------------------------------------------------------------------------------


def test_carriers_are_taken_by_our_words_and_by_their_names(operator):
    text = (
        "号码,运营商\n13800000001,unicom\n+86 139 0000 0002,中国电信\n"
        "13700000003,移动\n13600000004,China Broadnet\n"
    )
    run = ported(text, operator)
    assert (run.state, run.rows_read, run.stored_count, run.refused_count) == ("done", 4, 4, 0)
    assert numbers() == {
        "13800000001": "unicom", "13900000002": "telecom", "13700000003": "mobile",
        "13600000004": "broadnet",
    }  # fmt: skip
    assert set(PortedNumber.objects.values_list("origin", flat=True)) == {PortedOrigin.IMPORTED}


def test_a_bad_row_costs_one_row_and_can_be_looked_at(operator):
    text = "13800000001,unicom\n12345,unicom\n13800000002,Narnia\n\n13800000003,telecom\n"
    run = ported(text, operator)
    assert (run.rows_read, run.refused_count, len(numbers())) == (4, 2, 2)
    assert list(RefusedNumber.objects.order_by("line").values_list("line", "content", "fault")) == [
        (2, "12345, unicom", "phone"),
        (3, "13800000002, Narnia", "carrier"),
    ]


def test_the_last_row_of_a_number_counts_and_one_without_a_carrier_removes(operator):
    ported("13800000001,unicom\n13800000002,unicom\n", operator)
    text = "13800000001,\n13800000002,telecom\n13800000002,mobile\n13800000003,\n"
    run = ported(text, operator)
    assert numbers() == {"13800000002": "mobile"}
    assert (run.stored_count, run.removed_count) == (1, 1)


def test_a_whole_table_takes_the_place_of_the_old_one(operator):
    ported("13800000001,unicom\n13800000002,unicom\n", operator)
    run = ported("13800000002,unicom\n", operator, replaces=True)
    assert numbers() == {"13800000002": "unicom"}
    assert (run.removed_count, run.stored_count) == (1, 0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Narnia,Narnia\nnothing1,here\n", "only_bad_rows"),
        ("number,carrier\n", "no_rows"),
        (b"%PDF-1.7", "document"),
    ],
)
def test_a_file_of_nothing_usable_changes_nothing(operator, text, problem):
    ported("13800000001,unicom\n", operator)
    run = ported(text, operator, replaces=True)
    assert (run.state, run.problem) == ("failed", problem)
    assert len(numbers()) == 1
    assert RefusedNumber.objects.count() == (problem == "only_bad_rows")
    assert Notice.objects.filter(kind="numbers.import_failed").exists()


def test_a_file_that_was_not_read_to_its_end_changes_nothing(operator, monkeypatch):
    ported("13800000001,unicom\n", operator)
    monkeypatch.setattr(number_runs, "ROWS_MAX", 2)
    run = ported("13800000002,unicom\n13800000003,unicom\n", operator, replaces=True)
    assert (run.problem, numbers()) == ("too_many_rows", {"13800000001": "unicom"})


def test_a_file_overrules_what_reports_taught_and_said(operator):
    PortedNumber.objects.create(phone="13800000001", carrier="unicom", origin="learned", code="NP")
    for phone in ("13800000001", "13800000009"):
        PortedNews.objects.create(
            phone=phone, carrier="mobile", code="NP", channel_id=1, at="2030-01-01T00:00Z"
        )
    ported("13800000001,unicom\n", operator)
    row = PortedNumber.objects.get()
    assert (row.origin, row.code) == (PortedOrigin.IMPORTED, "")
    assert PortedNews.objects.get().phone == "13800000009"


def test_a_finished_import_is_not_done_again_and_its_file_is_gone(operator):
    run = ported("13800000001,unicom\n", operator)
    assert not StoredFile.objects.exists()
    PortedNumber.objects.all().delete()
    number_runs.carry_out(run.pk)
    number_runs.give_up(run.pk)
    run.refresh_from_db()
    assert (run.state, numbers()) == ("done", {})
    assert AuditEntry.objects.filter(action="ported.import").count() == 1
    assert Notice.objects.filter(kind="numbers.imported", enterprise=None).count() == 1


def test_one_that_died_half_way_begins_anew(operator, monkeypatch):
    run = given("13800000001,unicom\nx1,unicom\n", NumberTable.PORTED, operator)
    with monkeypatch.context() as patch:
        patch.setattr(number_runs, "_save", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            number_runs.carry_out(run.pk)
    assert numbers() == {}
    number_runs.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.refused_count, len(numbers())) == ("done", 1, 1)


def test_one_that_never_works_says_so(operator):
    run = given("13800000001,unicom\n", NumberTable.PORTED, operator)
    number_runs.give_up(run.pk)
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", "internal")


# Places ------------------------------------------------------------------------------------------


def test_provinces_are_taken_by_our_words_and_by_their_names(operator):
    text = (
        "号段,省份,城市,运营商\n1380000,广东,深圳,移动\n1380001,广西壮族自治区\n"
        "1380002,Inner Mongolia,,\n1380003,北京市\n1380004,Shaanxi Province,,unicom\n"
        "1380005,hainan\n"
    )
    run = taken(text, NumberTable.PLACES, operator)
    assert (run.state, run.rows_read, run.stored_count, run.refused_count) == ("done", 6, 6, 0)
    assert heads() == {
        "1380000": ("guangdong", "深圳", "mobile"), "1380001": ("guangxi", "", ""),
        "1380002": ("inner_mongolia", "", ""), "1380003": ("beijing", "", ""),
        "1380004": ("shaanxi", "", "unicom"), "1380005": ("hainan", "", ""),
    }  # fmt: skip
    assert places.read_map().find("13800040001") == ("shaanxi", "unicom")


def test_bad_rows_of_places_say_what_is_wrong_with_them(operator):
    text = (
        "1380000,hainan\n138000,hainan\n1280000,hainan\n1380001,Narnia\n"
        f"1380002,hainan,{'x' * 41}\n1380003,hainan,,Narnia\n"
    )
    run = taken(text, NumberTable.PLACES, operator)
    assert run.refused_count == 5
    faults = RefusedNumber.objects.order_by("line").values_list("fault", flat=True)
    assert list(faults) == ["head", "head", "province", "city", "carrier"]


def test_the_engines_copy_follows_with_a_new_version(operator):
    taken("1380000,hainan\n1380001,gansu\n", NumberTable.PLACES, operator)
    first = PlaceTable.objects.get().version
    run = taken("1380001,\n1380002,gansu\n", NumberTable.PLACES, operator)
    assert (run.stored_count, run.removed_count) == (1, 1)
    table = PlaceTable.objects.get()
    assert (table.version, table.rows) == (first + 1, 2)
    found = [places.read_map().find(f"138000{n}0001").province for n in range(3)]
    assert found == ["hainan", "", "gansu"]
    taken("1380009,hainan\n", NumberTable.PLACES, operator, replaces=True)
    assert heads() == {"1380009": ("hainan", "", "")}


def test_what_was_made_up_stays_marked_until_a_whole_table_comes(operator):
    NumberPlace.objects.create(head="1380000", province="hainan")
    places.pack_table(is_made_up=True)
    taken("1380001,gansu\n", NumberTable.PLACES, operator)
    assert PlaceTable.objects.get().is_made_up
    taken("1380001,gansu\n", NumberTable.PLACES, operator, replaces=True)
    assert not PlaceTable.objects.get().is_made_up


# The pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", list(NumberTable))
def test_a_file_comes_whole_or_in_slices_and_is_watched(client, operator, table, monkeypatch):
    deferred = []
    monkeypatch.setattr(
        number_imports.tasks.import_numbers, "defer", lambda run_id: deferred.append(run_id)
    )
    client.force_login(operator)
    page = reverse(f"carriers:console_{table}")
    assert client.post(page).status_code == 422
    data = b"13800000001,unicom\n" if table == NumberTable.PORTED else b"1380000,hainan\n"
    data += b"bad1,row\n"
    upload = reverse("carriers:console_number_upload", args=[table])
    answer = client.post(upload, {"name": "big.csv", "size": len(data), "replaces": "on"}).json()
    assert client.get(answer["url"]).json() == {"there": 0}
    done = client.post(
        f"{answer['url']}?start=0", data, content_type="application/octet-stream"
    ).json()["done"]
    again = client.post(
        f"{answer['url']}?start=0", data, content_type="application/octet-stream"
    ).json()
    assert again["done"] == done
    (run_id,) = deferred
    assert NumberImport.objects.get().replaces
    assert 'hx-trigger="every 1s"' in client.get(done).content.decode()
    assert 'hx-trigger="every 1s"' in client.get(page).content.decode()
    refused = reverse("carriers:console_number_refused", args=[table, run_id])
    assert client.get(refused).status_code == 404  # not while it is at work
    number_runs.carry_out(run_id)
    shown = client.get(done).content.decode()
    assert refused in shown and "bad1, row" in shown
    other = {"ported": "places", "places": "ported"}[table]
    stranger = reverse("carriers:console_number_import", args=[other, run_id])
    assert client.get(stranger).status_code == 404
    assert "bad1, row" in b"".join(client.get(refused).streaming_content).decode()
    assert "big.csv" in client.get(page).content.decode()
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == [f"{table}.upload", f"{table}.import"]


def test_what_is_no_table_is_refused_at_its_first_bytes(client, operator):
    client.force_login(operator)
    upload = reverse("carriers:console_number_upload", args=["ported"])
    answer = client.post(upload, {"name": "x.pdf", "size": 8}).json()
    told = client.post(f"{answer['url']}?start=0", b"%PDF-1.7", content_type="application/pdf")
    assert told.status_code == 422
    assert not NumberImport.objects.exists() and not StoredFile.objects.exists()
    assert client.post(upload, {"name": "x", "size": 1 << 40}).status_code == 422
    nothing = reverse("carriers:console_number_upload", args=["secrets"])
    assert client.post(nothing, {"name": "x", "size": 1}).status_code == 404


def test_an_enterprise_may_neither_give_nor_see_a_file(client, acme, operator):
    run = ported("13800000001,unicom\nx1,y\n", operator)
    client.force_login(acme.users.get())
    for name in ("number_import", "number_refused", "number_piece"):
        assert (
            client.get(reverse(f"carriers:console_{name}", args=["ported", run.pk])).status_code
            == 403
        )
    upload = reverse("carriers:console_number_upload", args=["ported"])
    assert client.post(upload, {"name": "x", "size": 1}).status_code == 403


def test_old_imports_are_forgotten_with_their_rows(operator):
    run = ported("13800000001,unicom\nx1,y\n", operator)
    assert number_runs.forget_old() == 0
    NumberImport.objects.filter(pk=run.pk).update(created_at="2020-01-01T00:00Z")
    assert number_runs.forget_old() == 1
    assert not RefusedNumber.objects.exists()
