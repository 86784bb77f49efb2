"""What became of each recipient, as a file: in the order of the list, in small pieces."""

import itertools

import pytest
from django.db import connection
from django.utils import timezone

from tests.campaigns.making import make_confirmed
from yunxin.campaigns import exports
from yunxin.campaigns.models import Campaign
from yunxin.vocabulary import message_id_floor
from yunxin.web import csv_files

_ids = itertools.count(1)


def send(campaign: Campaign, phone: str, *, waits: bool = False, **values) -> None:
    """A message of this campaign, as the engine writes it."""
    identity = message_id_floor(timezone.now()) + next(_ids)
    final = values.get("state", "accepted") != "accepted"
    row = {
        "enterprise_id": campaign.enterprise_id, "id": identity, "phone": phone,
        "carrier": "mobile", "kind": "text", "traffic": "notice", "source": "portal",
        "campaign_id": campaign.pk, "signature_id": 1, "template_id": 1, "package_id": 1,
        "text": "t", "segments": 1, "finished_at": timezone.now() if final else None, **values,
    }  # fmt: skip
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(row))
        cursor.execute(
            f"INSERT INTO message ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )
        if waits:
            cursor.execute(
                "INSERT INTO message_queue (enterprise_id, message_id, priority, carrier)"
                " VALUES (%s, %s, 1, 'mobile')",
                [campaign.enterprise_id, identity],
            )


@pytest.fixture
def campaign(acme):
    return make_confirmed(acme, numbers=5)


def results(campaign: Campaign) -> list[tuple[object, object]]:
    return [(row[4], row[5]) for row in exports.outcomes(campaign, is_masked=False)]


def test_each_recipient_has_a_result(campaign):
    send(campaign, "13800000001", state="delivered", code="DELIVRD")
    send(campaign, "13800000002", state="failed", code="EXPIRED:1")
    send(campaign, "13800000003", waits=True)
    send(campaign, "13800000004")
    assert results(campaign) == [
        ("已送达", "DELIVRD"),
        ("发送失败", "EXPIRED:1 手机长时间关机或不在服务区，运营商已放弃投递"),
        ("待发送", ""),
        ("已提交，等待状态报告", ""),
        ("尚未发送", ""),
    ]


def test_messages_of_other_campaigns_and_enterprises_are_not_taken_for_these(
    campaign, acme, globex
):
    other = make_confirmed(acme, numbers=5)
    send(other, "13800000001", state="delivered")
    send(make_confirmed(globex, numbers=5), "13800000001", state="delivered")
    assert {result for result, _ in results(campaign)} == {"尚未发送"}


def test_it_is_read_in_pieces_and_nobody_is_left_out(campaign, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 2)
    rows = list(exports.outcomes(campaign, is_masked=False))
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5]


def test_cells_are_never_formulas():
    rows = [["=1+1", "+86", "-1", "@a", "a,b", "\tx", 5, "plain"]]
    text = "".join(csv_files.lines(["a"], rows))
    assert text == "\ufeffa\r\n'=1+1,'+86,'-1,'@a,\"a,b\",'\tx,5,plain\r\n"


def test_a_large_table_comes_in_pieces():
    pieces = list(csv_files.lines(["n"], ([n] for n in range(1200))))
    assert len(pieces) == 3
    assert "".join(pieces).count("\r\n") == 1201
