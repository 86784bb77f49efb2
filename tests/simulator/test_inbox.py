"""The pages of the phones and the addresses for programs."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape

import httpx
import pytest

from tests.simulator.clients import ACCESS_NUMBER, TestClient, bound, until
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.carrier import Carrier
from yunxin.simulator.inbox import application, serving

QUICK = Behaviour(receipt_delay_s=0.0, receipt_jitter_s=0.0)
PHONE = "13800135678"


@dataclass
class Place:
    """A carrier, a bound client, and the pages."""

    carrier: Carrier
    client: TestClient
    http: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer

    async def receive(self, phone: str, text: str) -> None:
        before = len(self.client.receipts)
        self.client.send(phone, text)
        await until(lambda: len(self.client.receipts) > before)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        transport = httpx.ASGITransport(app=application(carrier))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://sim/simulator/", trust_env=False
        ) as http:
            yield Place(carrier, client, http)


# Pages ------------------------------------------------------------------------------------------


async def test_the_empty_page_says_what_to_do(place: Place) -> None:
    assert "还没有收到短信" in (await place.get("")).text
    english = await place.get("?lang=en")
    assert "No message has arrived yet." in english.text
    assert '<html lang="en">' in english.text


async def test_phones_are_listed_searched_and_opened(place: Place) -> None:
    await place.receive(PHONE, "【测试】第一条")
    await place.receive("13900139999", "【测试】第二条")
    page = (await place.get("")).text
    assert page.index("139 0013 9999") < page.index("138 0013 5678")
    found = (await place.get("?q=1380")).text
    assert "138 0013 5678" in found
    assert "139 0013 9999" not in found
    assert "没有符合该号码的手机" in (await place.get("?q=77")).text
    opened = (await place.get(f"?phone={PHONE}")).text
    assert "【测试】第一条" in opened
    assert ACCESS_NUMBER in opened
    assert "已送达" in opened


async def test_texts_are_escaped(place: Place) -> None:
    await place.receive(PHONE, "<script>alert(1)</script>")
    for path in ("", f"?phone={PHONE}"):
        page = (await place.get(path)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
    page = await place.http.get('?q="><script>&phone="><script>')
    assert '"><script>' not in page.text


async def test_what_is_not_delivered_is_marked(place: Place) -> None:
    await place.receive("13800000012", "您好")
    page = (await place.get("?phone=13800000012")).text
    assert "未送达 · MK:0001" in page
    assert "unreached" in page


async def test_a_reply_reaches_the_client(place: Place) -> None:
    await place.receive(PHONE, "您好")
    sent = await place.http.post(
        "reply", data={"phone": PHONE, "access_number": ACCESS_NUMBER, "text": " 好的 😀 "}
    )
    assert (sent.status_code, sent.headers["location"]) == (303, f"./?phone={PHONE}")
    await until(lambda: place.client.inbound)
    assert place.client.inbound[0].data.decode("utf-16-be") == "好的 😀"
    assert "好的 😀" in (await place.get(f"?phone={PHONE}")).text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"phone": PHONE, "text": "  "}, "请先输入内容再发送。"),
        ({"phone": PHONE, "text": "hi"}, "没有可回复的对象"),
        ({"phone": PHONE, "text": "hi", "access_number": "abc"}, "接入号只能由数字组成。"),
        ({"phone": PHONE, "text": "长" * 1001, "access_number": "1069"}, "超过 1000 个字符"),
    ],
)
async def test_a_reply_that_cannot_be_sent_says_why_and_keeps_the_text(
    place: Place, form: dict[str, str], sentence: str
) -> None:
    answer = await place.http.post("reply", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert form["text"].strip() in unescape(answer.text)


async def test_the_page_renews_itself_in_parts(place: Place) -> None:
    await place.receive(PHONE, "您好")
    parts = (await place.get(f"parts?phone={PHONE}")).json()
    assert set(parts) == {"cards", "list", "talk"}
    page = (await place.get(f"?phone={PHONE}")).text
    assert parts["list"] in page
    assert parts["talk"] in page
    assert set((await place.get("parts")).json()) == {"cards", "list"}


async def test_knobs_are_shown_and_set(place: Place) -> None:
    assert 'name="failure_rate" value="0"' in (await place.get("behaviour")).text
    form = {"failure_rate": "0.05", "failure_stat": "MK:0007", "shuffle": "true"}
    saved = await place.http.post("behaviour", data=form)
    assert (saved.status_code, saved.headers["location"]) == (303, "behaviour?done=1")
    behaviour = place.carrier.behaviour
    assert (behaviour.failure_rate, behaviour.failure_stat) == (0.05, "MK:0007")
    assert (behaviour.shuffle, behaviour.magic) == (True, False)  # a box without a tick is off
    assert "模拟行为已保存" in (await place.get("behaviour?done=1")).text
    assert "特殊号码目前已关闭" in (await place.get("numbers")).text


async def test_a_wrong_knob_is_marked_and_what_was_typed_is_kept(place: Place) -> None:
    before = place.carrier.behaviour
    answer = await place.http.post(
        "behaviour", data={"failure_rate": "1.5", "failure_stat": "MK:0007"}
    )
    assert answer.status_code == 422
    assert 'name="failure_rate" value="1.5" aria-invalid="true"' in answer.text
    assert "请填写 0 到 1 之间的数" in answer.text
    assert 'value="MK:0007"' in answer.text
    assert place.carrier.behaviour == before


async def test_the_magic_numbers_are_shown(place: Place) -> None:
    page = (await place.get("numbers?lang=en")).text
    assert "Throttled twice (RTHROTTLED), then delivered." in page


async def test_buttons_count_anew_and_cut(place: Place) -> None:
    await place.receive(PHONE, "您好")
    assert (await place.http.post("reset")).status_code == 303
    assert place.carrier.counts()["accepted"] == 0
    assert (await place.http.post("disconnect")).status_code == 303
    await until(lambda: place.carrier.counts()["sessions"] == 0)


# Safety -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "behaviour", "numbers", "static/inbox.js", "api/counts"])
async def test_every_answer_has_a_strict_policy(place: Place, path: str) -> None:
    policy = (await place.get(path)).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["", f"?phone={PHONE}", "behaviour", "numbers"])
async def test_pages_need_nothing_that_the_policy_forbids_and_link_relatively(
    place: Place, path: str
) -> None:
    await place.receive(PHONE, "您好")
    page = (await place.get(path)).text
    assert not re.search(r"<style|\sstyle=|<script>|\son\w+=", page)
    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', page)
    assert addresses
    assert not [address for address in addresses if address.startswith(("/", "http"))]
    for address in addresses:
        if address not in ("reply", "reset", "disconnect"):
            await place.get(unescape(address))


async def test_forms_of_other_sites_are_refused(place: Place) -> None:
    answer = await place.http.post("reset", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["inbox.py", "..%2Finbox.py", "nothing.css"])
async def test_only_the_pages_own_files_are_given(place: Place, name: str) -> None:
    assert (await place.http.get(f"static/{name}")).status_code == 404


async def test_a_huge_form_is_not_read(place: Place) -> None:
    answer = await place.http.post("reply", content=b"text=" + b"x" * 1_000_000)
    assert answer.status_code == 422


# For programs -----------------------------------------------------------------------------------


async def test_counts_messages_and_phones(place: Place) -> None:
    await place.receive(PHONE, "您好")
    await place.receive(PHONE, "您好")
    counts = (await place.get("api/counts")).json()
    assert (counts["accepted"], counts["duplicates"], counts["phones"]) == (2, 1, 1)
    (first, _) = (await place.get(f"api/messages?phone={PHONE}")).json()
    assert (first["text"], first["stat"]) == ("您好", "DELIVRD")
    assert len((await place.get("api/messages")).json()) == 1
    assert (await place.get("api/phones")).text == f"{PHONE},2\n"


async def test_programs_set_reply_reset_and_cut(place: Place) -> None:
    changed = await place.http.post("api/behaviour", json={"failure_rate": 0.5})
    assert changed.json()["failure_rate"] == 0.5
    assert (await place.get("api/behaviour")).json()["failure_rate"] == 0.5
    reply = {"phone": PHONE, "text": "TD", "access_number": ACCESS_NUMBER}
    assert (await place.http.post("api/reply", json=reply)).json() == {"sent": True}
    await until(lambda: place.client.inbound)
    assert (await place.http.post("api/reset")).json()["inbound_sent"] == 0
    assert (await place.http.post("api/disconnect")).json() == {"connections": 1}


async def test_a_door_that_is_shut_stays_shut_and_drops_what_it_had(place: Place) -> None:
    await place.http.post("api/behaviour", json={"receipt_delay_s": 1.0})
    place.client.send(PHONE, "您好")
    await until(lambda: place.carrier.counts()["accepted"] == 1)
    assert (await place.http.post("api/shut", json={"protocol": "smpp"})).json() == {
        "connections": 1
    }
    await until(lambda: place.carrier.counts()["deliveries_dropped"] == 1)
    assert place.carrier.counts()["sessions"] == place.carrier.counts()["deliveries_queued"] == 0
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", place.carrier.port)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("api/behaviour", '{"failure_rate": 2}'),
        ("api/behaviour", "[]"),
        ("api/behaviour", "{"),
        ("api/reply", "7"),
        ("api/shut", '{"protocol": "mm7"}'),
        ("api/reply", '{"phone": "13800135678"}'),
    ],
)
async def test_programs_hear_what_is_wrong(place: Place, path: str, body: str) -> None:
    answer = await place.http.post(path, content=body)
    assert answer.status_code == 422
    assert answer.json()["error"].endswith((".", "`"))


# Listening --------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_it_listens_in_the_carriers_own_process() -> None:
    async with Carrier(QUICK) as carrier:
        port = free_port()
        async with (
            serving(carrier, "127.0.0.1", port),
            httpx.AsyncClient(trust_env=False, follow_redirects=True) as http,
        ):
            page = await http.get(f"http://127.0.0.1:{port}/")
            assert page.url.path == "/simulator/"
            assert "模拟手机" in page.text
