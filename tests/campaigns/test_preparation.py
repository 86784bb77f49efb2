"""From a file to recipients: what is kept, counted, refused; and what an interruption leaves."""

import pytest
from django.db import OperationalError

from tests import factories
from tests.campaigns.making import make_draft, make_file, make_from_file, make_ready
from yunxin.accounts.models import Notice, User
from yunxin.campaigns import lifecycle, preparation
from yunxin.campaigns.models import Campaign, CampaignRecipient, RefusedLine
from yunxin.campaigns.preparation import prepare
from yunxin.carriers.models import BlockedNumber, ForbiddenWord
from yunxin.vocabulary import AudienceState
from yunxin.web.models import StoredChunk, StoredFile

MIXED = """13800000001,A1
13800000002,"quoted" \\back\\slash {brace}
13800000001,A1 again
138,short

13800000003,A3,extra
13800000004，A4
13800000005,blocked
13800000006,blocked everywhere
13800000007,bad-word
"""


def recipients(campaign: Campaign) -> list[tuple[int, str, list[str]]]:
    rows = CampaignRecipient.objects.filter(campaign_id=campaign.pk).order_by("position")
    return list(rows.values_list("position", "phone", "params"))


def refused(campaign: Campaign) -> list[tuple[int, str, str]]:
    rows = RefusedLine.objects.filter(campaign_id=campaign.pk).order_by("line")
    return list(rows.values_list("line", "reason", "detail"))


def test_who_had_to_wait_reads_in_the_bell_that_it_is_ready(client, acme, monkeypatch):
    make_from_file(acme, MIXED)
    assert not Notice.objects.exists(), "who waited a moment is still looking"
    monkeypatch.setattr(preparation, "TOLD_AFTER_S", 0)
    campaign = make_from_file(acme, MIXED)
    (notice,) = Notice.objects.all()
    assert (notice.enterprise, notice.kind) == (acme, "campaign.ready")
    client.force_login(User.objects.get(username="acme"))
    assert client.get(notice.link).status_code == 200
    prepare(campaign_id=campaign.pk, version=campaign.audience_version)
    assert Notice.objects.count() == 1


def test_every_line_is_either_kept_or_refused_with_its_reason(acme):
    BlockedNumber.objects.create(enterprise_id=acme.pk, phone="13800000005")
    BlockedNumber.objects.create(enterprise_id=0, phone="13800000006")
    BlockedNumber.objects.create(enterprise_id=acme.pk, phone="13800000006")
    ForbiddenWord.objects.create(word="badword")
    campaign = make_from_file(acme, MIXED)
    assert recipients(campaign) == [
        (1, "13800000001", ["A1"]),
        (2, "13800000002", ['"quoted" \\back\\slash {brace}']),
    ]
    assert refused(campaign) == [
        (3, "phone_duplicate", "1"),
        (4, "phone_invalid", ""),
        (6, "params_extra", "1/2"),
        (7, "full_width_comma", ""),
        (8, "blocked_enterprise", ""),
        (9, "blocked_global", ""),
        (10, "forbidden_word", "badword"),
    ]
    assert campaign.audience_state == AudienceState.READY
    assert (campaign.lines_read, campaign.valid_count, campaign.segments_expected) == (9, 2, 2)
    assert (campaign.duplicate_count, campaign.blocked_count, campaign.invalid_count) == (1, 2, 4)
    assert campaign.bytes_read == campaign.file.size_bytes


def test_globex_own_blacklist_does_not_concern_acme(acme, globex):
    BlockedNumber.objects.create(enterprise_id=globex.pk, phone="13800000001")
    assert make_from_file(acme, "13800000001,a\n").valid_count == 1


def test_segments_are_summed_over_those_who_are_kept(acme):
    long = "字" * 80
    campaign = make_from_file(acme, f"13800000001,{long}\n13800000001,{long}\n13800000002,a\n")
    assert campaign.segments_expected == 2 + 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("\r\n  \n\n", "empty"),
        (" \n" * 600_000, "empty"),
        ("name,amount\n12,b\n", "only_bad_lines"),
        (b"PK\x03\x04\x14\x00[Content_Types].xml xl/workbook.xml", "spreadsheet"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image"),
        (b"\x00\x01\x02\x03", "binary"),
    ],
)
def test_a_file_that_is_no_audience_says_which_way(acme, content, problem):
    campaign = make_from_file(acme, content)
    assert (campaign.audience_state, campaign.audience_error) == ("failed", problem)
    assert not recipients(campaign)


def test_the_lines_of_a_file_of_only_bad_lines_are_kept(acme):
    assert len(refused(make_from_file(acme, "a\nb\n"))) == 2


def test_lines_across_chunks_are_read_whole(acme):
    content = "".join(f"13{number:09},参数{number}\n" for number in range(80_000))
    campaign = make_from_file(acme, content.encode("gb18030"))
    assert StoredChunk.objects.filter(file=campaign.file).count() > 1
    assert campaign.valid_count == 80_000
    assert recipients(campaign)[-1] == (80_000, "13000079999", ["参数79999"])


def test_running_again_changes_nothing(acme):
    campaign = make_from_file(acme, MIXED)
    before = recipients(campaign), refused(campaign)
    prepare(campaign_id=campaign.pk, version=campaign.audience_version)
    assert (recipients(campaign), refused(campaign)) == before


def test_a_run_that_died_half_way_leaves_nothing_and_is_begun_again(acme, monkeypatch):
    campaign = make_draft(acme)
    file = make_file(acme, "13800000001,a\n13800000002,b\n")
    campaign = lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file)
    this = {"campaign_id": campaign.pk, "version": campaign.audience_version}
    with monkeypatch.context() as patch:
        patch.setattr(preparation, "_PUT_REFUSED", "SELECT 1 / 0")
        with pytest.raises(Exception, match="division by zero"):
            prepare(**this)
    campaign.refresh_from_db()
    assert campaign.audience_state == AudienceState.READING
    assert not recipients(campaign)
    prepare(**this)
    assert len(recipients(campaign)) == 2


def test_a_run_of_an_older_version_writes_nothing(acme):
    campaign = make_draft(acme)
    file = make_file(acme, "13800000001,a\n")
    campaign = lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file)
    version = campaign.audience_version
    Campaign.objects.filter(pk=campaign.pk).update(audience_version=version + 1)
    prepare(campaign_id=campaign.pk, version=version)
    assert not recipients(campaign)


def test_an_edit_in_the_middle_makes_the_run_come_to_nothing(acme, monkeypatch):
    campaign = make_draft(acme)
    file = make_file(acme, "13800000001,a\n")
    campaign = lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file)
    version = campaign.audience_version

    def edit_meanwhile(run, *rest):
        Campaign.objects.filter(pk=campaign.pk).update(audience_version=version + 1)
        read(run, *rest)

    read = preparation._read
    monkeypatch.setattr(preparation, "_read", edit_meanwhile)
    prepare(campaign_id=campaign.pk, version=version)
    assert not recipients(campaign)
    campaign.refresh_from_db()
    assert campaign.audience_state == AudienceState.READING


def test_what_failed_for_good_is_said(acme):
    campaign = make_draft(acme)
    preparation.give_up(campaign_id=campaign.pk, version=campaign.audience_version)
    campaign.refresh_from_db()
    assert (campaign.audience_state, campaign.audience_error) == ("failed", "internal")


def test_typed_numbers_go_through_the_same_rules(acme):
    BlockedNumber.objects.create(enterprise_id=0, phone="13800000004")
    campaign = make_draft(acme)
    campaign = lifecycle.give_numbers(
        enterprise=acme,
        campaign_id=campaign.pk,
        typed="13800000001, +8613800000002\n13800000001 abc 13800000004",
        params=("SF100",),
    )
    assert recipients(campaign) == [
        (1, "13800000001", ["SF100"]),
        (2, "13800000002", ["SF100"]),
    ]
    assert refused(campaign) == [
        (3, "phone_duplicate", "1"),
        (4, "phone_invalid", ""),
        (5, "blocked_global", ""),
    ]


def test_other_recipients_replace_the_former(acme):
    campaign = make_ready(acme, numbers=3)
    lifecycle.give_numbers(
        enterprise=acme, campaign_id=campaign.pk, typed="13900000001", params=("x",)
    )
    assert [phone for _, phone, _ in recipients(campaign)] == ["13900000001"]


def test_samples_are_the_texts_of_the_first_recipients(acme):
    signature = factories.make_signature(acme, "云启科技")
    template = factories.make_template(acme, signature, content="您好#*#。")
    campaign = make_from_file(acme, "13800000001,甲\n13800000002,乙\n", template=template)
    assert preparation.sample_texts(campaign, limit=1) == [("13800000001", "【云启科技】您好甲。")]


def test_discarding_takes_rows_and_file_along(acme):
    campaign = make_from_file(acme, MIXED)
    preparation.discard(campaign)
    assert not recipients(campaign)
    assert not refused(campaign)
    assert not StoredFile.objects.exists()


def test_a_file_that_a_copy_uses_stays(acme):
    campaign = make_from_file(acme, MIXED)
    lifecycle.copy(enterprise=acme, campaign_id=campaign.pk, by=acme.users.get())
    preparation.discard(campaign)
    assert StoredFile.objects.exists()


def test_a_lost_database_is_not_the_files_fault(acme, monkeypatch):
    def lost(*_):
        raise OperationalError("server closed the connection")

    campaign = make_draft(acme)
    file = make_file(acme, "13800000001,a\n")
    campaign = lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file)
    monkeypatch.setattr(preparation, "_read", lost)
    with pytest.raises(OperationalError):
        prepare(campaign_id=campaign.pk, version=campaign.audience_version)
    campaign.refresh_from_db()
    assert campaign.audience_state == AudienceState.READING
