"""The snapshot follows what people decide, and hints make it follow at once."""

import asyncio

from tests.engine.sending import channel
from tests.engine.world import eventually
from yunxin.engine.directory import Directory
from yunxin.engine.store import Listener
from yunxin.vocabulary import CampaignWish, CarrierName, ReviewState, TrafficClass


async def test_a_snapshot_holds_what_may_be_sent_with(store, config, world):
    acme = world.enterprise(weight=3, extension_code="01")
    signature = world.signature(acme, name="云启科技")
    approved = world.template(
        acme, "码#*#", signature_id=signature, traffic=TrafficClass.VERIFICATION
    )
    world.template(acme, state=ReviewState.PENDING)
    world.template(acme, deleted_at="2026-01-01 00:00+00")
    world.forbid("赌博")
    directory = Directory(store, config)
    await directory.start()
    snapshot = directory.snapshot
    assert list(snapshot.templates) == [approved]
    template = snapshot.templates[approved]
    assert (template.variables, template.priority, template.carriers) == (1, 0, None)
    assert template.signature.name == "云启科技"
    assert snapshot.enterprises[acme].weight == 3
    assert snapshot.words.find("不许赌博") == "赌博"
    assert snapshot.prefixes["138"] == CarrierName.MOBILE


async def test_the_longest_access_number_in_use_is_known(store, config, world):
    directory = Directory(store, config)
    await directory.start()
    assert directory.snapshot.access_digits == 0
    for port, number, wish in (
        (1, "1069", "run"),
        (2, "106900000001", "run"),
        (3, "1" * 20, "stop"),
    ):
        channel(world, config, port, access_number=number, wish=wish)
    await directory.refresh()
    assert directory.snapshot.access_digits == 12


async def test_nothing_changed_is_the_same_snapshot(store, config, world):
    world.template(world.enterprise())
    directory = Directory(store, config)
    await directory.start()
    before = directory.snapshot
    await directory.refresh()
    assert directory.snapshot is before


async def test_the_word_list_is_made_again_only_when_a_word_changed(store, config, world):
    world.forbid("赌博")
    directory = Directory(store, config)
    await directory.start()
    words = directory.snapshot.words
    world.enterprise()
    await directory.refresh()
    assert directory.snapshot.words is words
    world.forbid("彩票")
    await directory.refresh()
    assert directory.snapshot.words.find("彩票") == "彩票"


async def test_a_cancelled_signature_and_a_suspended_enterprise_may_not_send(store, config, world):
    acme, globex = world.enterprise(), world.enterprise()
    signature, other = world.signature(acme), world.signature(globex)
    directory = Directory(store, config)
    await directory.start()
    assert directory.snapshot.may_send(acme, signature)
    assert directory.snapshot.may_send(globex, other)
    world.do("UPDATE content_signature SET state = 'cancelled' WHERE id = %s", signature)
    world.do("UPDATE accounts_enterprise SET suspended_at = now() WHERE id = %s", globex)
    await directory.refresh()
    assert not directory.snapshot.may_send(acme, signature)
    assert not directory.snapshot.may_send(globex, other)
    assert directory.snapshot.cancelled_signatures() == {signature}
    assert directory.snapshot.suspended_enterprises() == {globex}


async def test_paused_campaigns_are_those_on_their_way(store, config, world):
    acme = world.enterprise()
    paused, not_begun = (
        world.campaign(acme, world.template(acme), 1, wish=CampaignWish.PAUSE) for _ in range(2)
    )
    world.start(paused)
    directory = Directory(store, config)
    await directory.start()
    assert directory.snapshot.paused_campaigns == {paused}
    assert not_begun not in directory.snapshot.paused_campaigns


async def test_a_hint_refreshes_at_once(store, config, world, monkeypatch):
    monkeypatch.setattr("yunxin.engine.directory.POLL_S", 3600.0)
    listener = Listener(store)
    directory = Directory(store, config, listener)
    await directory.start()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(listener.run()), group.create_task(directory.run())]
        await asyncio.sleep(0.2)  # both are waiting; were they not, the hint would not be needed
        acme = world.enterprise()
        world.do("SELECT pg_notify('directory', '')")
        await eventually(lambda: acme in directory.snapshot.enterprises)
        for task in tasks:
            task.cancel()
