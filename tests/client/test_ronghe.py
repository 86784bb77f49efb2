"""The dialect's helper signs as the documented vector does and understands every answer."""

import pytest

from tests.client.server import HANG_UP, Reply, Server
from yunxin.client import AnswerNotUnderstood, Unreachable, ronghe

KEY = "f75b9467e1112239"
PHONES = ["18607714703", "18648807841"]


def send(url: str, values: tuple[str, ...] = ("模板短信测试", "0001")) -> ronghe.Answer:
    return ronghe.send(
        url, cpcode="AAAAAC", access_key=KEY, template=2, phones=PHONES, values=values
    )


def test_it_sends_the_six_fields_with_the_documented_signature(server: Server) -> None:
    server.replies = [Reply(200, {"resultcode": 0, "resultmsg": "成功", "taskid": "C205"})]
    assert send(server.url) == ronghe.Answer(0, "成功", "C205")
    assert server.asked[0].path == "/umcinterface/sendtempletmsg"
    assert server.asked[0].json == {
        "cpcode": "AAAAAC",
        "msg": "模板短信测试,0001",
        "mobiles": "18607714703,18648807841",
        "excode": "",
        "templetid": "2",
        "sign": "959566b511b5ccc998a7eee44b4a740c",
    }


def test_a_refusal_is_an_error_with_its_code(server: Server) -> None:
    server.replies = [Reply(200, {"resultcode": 316, "resultmsg": "签名校验不通过", "taskid": ""})]
    with pytest.raises(ronghe.RongheRefused, match="316") as told:
        send(server.url)
    assert told.value.code == 316


def test_a_comma_in_a_value_is_refused_before_it_is_sent(server: Server) -> None:
    with pytest.raises(ValueError, match="comma"):
        send(server.url, ("a,b",))
    assert server.asked == []


def test_no_answer_and_a_strange_one_are_told_apart(server: Server) -> None:
    server.replies = [HANG_UP, Reply(502, b"<html>")]
    with pytest.raises(Unreachable):
        send(server.url)
    with pytest.raises(AnswerNotUnderstood):
        send(server.url)
