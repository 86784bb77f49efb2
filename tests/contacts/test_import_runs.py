"""Imports: what is taken in, what is refused and why, and that a killed job doubles nothing."""

import datetime
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.contacts.counting import check_counts
from tests.contacts.files import imported, sheet, waiting
from tests.web.tables import making
from yunxin.accounts.models import AuditEntry, Notice
from yunxin.contacts import groups, import_runs, people
from yunxin.contacts.models import Membership
from yunxin.contacts.transfer_labels import faults, problem
from yunxin.contacts.transfers import ContactImport, RefusedContact
from yunxin.text.people import clean
from yunxin.web.models import StoredFile


def refused(run: ContactImport) -> dict[int, str]:
    rows = RefusedContact.objects.filter(enterprise_id=run.enterprise_id, run_id=run.pk)
    return dict(rows.order_by("line").values_list("line", "faults"))


def phones(enterprise) -> list[str]:
    return sorted(enterprise.contacts.values_list("phone", flat=True))


def test_every_column_is_taken_in(acme):
    run = imported(
        acme,
        sheet(
            [
                "13800000001",
                "张三",
                "男",
                datetime.date(1990, 12, 12),
                "娱乐",
                "前台",
                "某公司",
                "老客户",
            ]
        ),
    )
    assert (run.state, run.problem, run.created_count) == ("done", "", 1)
    person = acme.contacts.get()
    assert (person.phone, person.name, person.initials, person.gender) == (
        "13800000001", "张三", "zs", "male",
    )  # fmt: skip
    assert person.birthday == datetime.date(1990, 12, 12)
    assert (person.industry, person.position, person.company) == ("娱乐", "前台", "某公司")
    assert person.remark == "老客户"


def test_the_file_is_deleted_when_it_has_been_taken_in(acme):
    run = imported(acme, sheet(["13800000001", "张三"]))
    assert run.file is None
    assert not StoredFile.objects.exists()


def test_only_the_phone_is_required(acme):
    assert imported(acme, sheet(["13800000001"])).created_count == 1


def test_bad_rows_are_listed_with_line_and_reason_and_good_ones_kept(acme):
    run = imported(
        acme,
        sheet(
            ["13800000001", "甲"],
            ["123", "乙"],
            ["", "丙"],
            ["13800000004", "丁" * 41, "猫", "昨天"],
            ["13800000001", "戊"],
            [13800000006, "己", "女", 33219],
            ["1.38E+10", "庚"],
            ["13800000008", "辛", "", datetime.date(2999, 1, 1)],
        ),
    )
    assert phones(acme) == ["13800000001", "13800000006"]
    assert refused(run) == {
        3: "phone:phone",
        4: "phone:required",
        5: "name:too_long gender:gender birthday:birthday",
        6: "phone:duplicate:2",
        8: "phone:digits_lost",
        9: "birthday:future",
    }
    assert acme.contacts.get(phone="13800000006").birthday == datetime.date(1990, 12, 12)
    assert (run.created_count, run.duplicate_count, run.refused_count) == (2, 1, 5)
    assert [faults(words) for words in refused(run).values()] == [
        "手机号不是 11 位大陆手机号码",
        "未填写手机号",
        "姓名超过 40 个字符；性别应为男或女；生日不是 1990-12-12 这样的日期",
        "手机号与第 2 行重复",
        "手机号显示为 1.38E+10 这样的科学计数，末尾数字已丢失，请把该列设为文本格式",
        "生日晚于今天",
    ]


def test_formulas_count_by_their_results(acme):
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>手机号</t></is></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f><v>13800000002</v></c></row>'
        '<row r="3"><c r="A3"><f>NOW()</f></c></row>'
        '<row r="4"><c r="A4" t="e"><v>#N/A</v></c></row>'
    )
    run = imported(acme, making.parts(making.sheet_of(rows)))
    assert phones(acme) == ["13800000002"]
    assert refused(run) == {3: "phone:formula", 4: "phone:error"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_table_in_any_encoding(acme, encoding):
    text = "姓名,手机号\r\n张三,13800000001\r\n李四,138000\r\n"
    run = imported(acme, text.encode(encoding))
    assert (run.created_count, refused(run)) == (1, {3: "phone:phone"})
    assert acme.contacts.get().name == "张三"


def test_control_characters_do_not_break_anything(acme):
    run = imported(acme, "手机号,姓名\n13800000001,a\x1ab\n13800000002,乙\n".encode())
    assert refused(run) == {2: "name:characters"}
    assert phones(acme) == ["13800000002"]


def test_the_first_sheet_with_the_headings_is_read_and_the_others_named(acme):
    book = making.openpyxl.Workbook()
    book.active.append(["说明"])
    for name in ("名单", "旧名单"):
        book.create_sheet(name).append(["某某公司"])
        book[name].append(["手机", "部门"])
        book[name].append(["13800000001", "x"])
    run = imported(acme, making.saved(book))
    assert (run.sheet, run.other_sheets, run.unread_headings) == ("名单", 2, "部门")
    assert run.created_count == 1


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (sheet(headings=("姓名", "地址")), "no_headings"),
        (b"13800000001,a\n13800000002,b\n", "no_headings"),
        (sheet(), "no_rows"),
        (sheet(["1"], ["2"]), "only_bad_rows"),
        (sheet(["13800000001"])[:-40], "damaged"),
        (making.parts(making.sheet_of(""), kind=making.MACRO_TYPE), "macros"),
        (making.parts(making.sheet_of(""), kind=making.WORD_TYPE), "document"),
    ],
)
def test_a_file_that_cannot_be_taken_in_says_why(acme, data, word):
    run = imported(acme, data)
    assert (run.state, run.problem, run.created_count) == ("failed", word, 0)
    assert len(problem(run.problem, run.detail)) > 10
    assert not acme.contacts.exists()
    assert run.file is None


def test_who_is_there_already_stays_or_takes_over_and_joins_the_group(acme):
    vip = groups.create_group(acme, name="VIP")
    there = clean({"phone": "13800000001", "name": "旧名", "company": "旧公司"})
    people.take_people(acme, [there])
    data = sheet(["13800000001", "新名"], ["13800000002", "乙"])
    run = imported(acme, data, group_id=vip, group_name="VIP")
    assert (run.created_count, run.known_count) == (1, 1)
    assert acme.contacts.get(phone="13800000001").name == "旧名"
    assert Membership.objects.filter(group_id=vip).count() == 2
    check_counts(acme)
    imported(acme, data, overwrite=True)
    person = acme.contacts.get(phone="13800000001")
    assert (person.name, person.company) == ("新名", "旧公司")
    check_counts(acme)


def test_another_enterprise_has_nothing_of_it(acme, globex):
    imported(acme, sheet(["13800000001", "张三"]))
    imported(globex, sheet(["13800000001", "别人"]))
    assert acme.contacts.get().name == "张三"
    assert globex.contacts.get().name == "别人"


def test_a_full_book_ends_the_import_and_what_was_saved_stays(acme, monkeypatch):
    monkeypatch.setattr(import_runs, "ROWS_AT_FIRST", 2)
    monkeypatch.setattr(
        import_runs, "settings", type("S", (), {"CONFIG": type("C", (), {"contacts_max": 3})})
    )
    run = imported(acme, sheet(*([f"1380000000{n}"] for n in range(6))))
    assert (run.state, run.problem, run.created_count) == ("failed", "book_full", 2)
    assert acme.contacts.count() == 2
    check_counts(acme)


def test_a_group_that_is_deleted_meanwhile_ends_the_import(acme, monkeypatch):
    vip = groups.create_group(acme, name="VIP")
    run = waiting(acme, sheet(["13800000001"]), group_id=vip, group_name="VIP")
    groups.delete_group(acme, vip)
    import_runs.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.problem, run.detail) == ("group_gone", "VIP")
    assert not acme.contacts.exists()


def test_what_became_of_it_is_in_the_audit_log_and_in_the_bell(acme):
    run = imported(acme, sheet(["13800000001"], ["1"]))
    entry = AuditEntry.objects.get(action="contacts.imported")
    assert entry.enterprise == acme
    assert entry.detail == {"created": 1, "known": 0, "duplicates": 0, "refused": 1}
    notice = Notice.objects.get()
    assert (notice.kind, notice.enterprise) == ("contacts.imported", acme)
    assert str(run.pk) in notice.link


# Begun again -------------------------------------------------------------------------------------


class Killed(Exception):
    """What stands for a kill between two batches."""


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_run_that_died_goes_on_behind_what_it_saved(acme, monkeypatch, batches):
    monkeypatch.setattr(import_runs, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(import_runs, "ROWS_AT_FIRST", 3)
    rows = [[f"1380000{n:04}", f"N{n}"] for n in range(10)] + [["13800000003", "again"], ["x"]]
    run = waiting(acme, sheet(*rows))
    save, saved = import_runs._save_batch, []

    def dying(run, limit):
        if len(saved) == batches:
            raise Killed
        saved.append(1)
        return save(run, limit)

    monkeypatch.setattr(import_runs, "_save_batch", dying)
    with pytest.raises(Killed):
        import_runs.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.created_count) == ("saving", 3 * batches)
    monkeypatch.setattr(import_runs, "_save_batch", save)
    import_runs.carry_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.created_count, run.known_count) == ("done", 10, 0)
    assert (run.duplicate_count, run.refused_count) == (1, 1)
    assert acme.contacts.count() == 10
    check_counts(acme)
    import_runs.carry_out(run.pk)  # a job that comes late does nothing
    assert Notice.objects.count() == 1


def test_a_fault_of_ours_is_said_in_the_end(acme):
    run = waiting(acme, sheet(["13800000001"]))
    import_runs.give_up(run.pk)
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", "internal")


# On real processes -------------------------------------------------------------------------------

ROWS = 40_000
PATIENCE_S = 90.0
MAKE = """
from tests import factories
from tests.contacts.files import waiting
from yunxin.contacts import groups, tasks
acme = factories.make_enterprise("Acme")
factories.make_user(acme, "acme")
vip = groups.create_group(acme, name="VIP")
content = "手机号,姓名\\n" + "".join(f"138{n:08},N{n}\\n" for n in range(%d))
run = waiting(acme, content.encode(), group_id=vip, group_name="VIP")
tasks.import_contacts.defer(run_id=run.pk)
"""


def environment(database: str) -> dict[str, str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("YUNXIN_", "DJANGO_"))}
    return plain | {"DATABASE_URL": database, "YUNXIN_SECRET_KEY": "k" * 60, "PYTHONPATH": "."}


@contextmanager
def worker(database: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "yunxin", "jobs"]
    process = subprocess.Popen(command, env=environment(database), stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=PATIENCE_S)


def wait_for(condition: Callable[[], bool], pause_s: float = 0.02) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(pause_s)


def test_a_killed_worker_doubles_nothing_and_another_one_finishes(database):
    subprocess.run(
        [sys.executable, "-m", "yunxin", "manage", "shell", "--command", MAKE % ROWS],
        env=environment(database), check=True, capture_output=True,
    )  # fmt: skip
    with psycopg.connect(database, autocommit=True) as db:

        def ask(question: str) -> Any:
            row = db.execute(question.encode()).fetchone()
            return row[0] if row else None

        with worker(database) as first:
            wait_for(lambda: ask("SELECT count(*) FROM contact") > 0)
            first.send_signal(signal.SIGKILL)
            first.wait()
        saved = ask("SELECT count(*) FROM contact")
        assert 0 < saved < ROWS
        assert ask("SELECT created_count FROM contact_import") == saved
        # The dead worker's last word is made older than it is: nobody waits half a minute here.
        db.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
        with worker(database):
            wait_for(lambda: ask("SELECT state FROM contact_import") == "done")
        assert ask("SELECT count(*) FROM contact") == ROWS
        assert ask("SELECT created_count FROM contact_import") == ROWS
        assert ask("SELECT known_count FROM contact_import") == 0
        assert ask("SELECT contacts FROM address_book") == ROWS
        assert ask("SELECT members FROM contact_group") == ROWS


def test_headings_with_characters_that_no_database_takes_are_no_obstacle(acme):
    run = imported(acme, sheet(["13800000001", "x"], headings=("手机号", "a_x0000_b")))
    assert (run.state, run.created_count, run.unread_headings) == ("done", 1, "ab")


def test_rows_of_the_same_number_lose_nobody(acme):
    """A damaged file: with one number for two rows one would be taken for the other."""
    rows = "".join(
        f'<row r="{number}"><c t="str"><v>{text}</v></c></row>'
        for number, text in ((1, "手机号"), (2, "123"), (2, "456"), (2, "13800000001"),
                             (2, "13800000002"), (3_000_000_000, "13800000003"))
    )  # fmt: skip
    run = imported(acme, making.parts(making.sheet_of(rows)))
    assert (run.state, run.created_count, run.refused_count) == ("done", 3, 2)
    assert sorted(refused(run)) == [2, 3]
