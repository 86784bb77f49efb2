"""What the page of one message shows, to the enterprise and (with channels) to operators."""

from typing import Any

from yunxin.billing.models import Package
from yunxin.campaigns.models import Campaign
from yunxin.carriers.labels import CARRIERS
from yunxin.carriers.models import Channel
from yunxin.content.models import Template
from yunxin.messaging import labels
from yunxin.messaging.timeline import Story
from yunxin.text import segments
from yunxin.text.phones import mask
from yunxin.vocabulary import CarrierName, Source, message_id_time


def detail_context(story: Story, *, is_masked: bool, with_channels: bool = False) -> dict[str, Any]:
    """The template context of a message's page; three queries, one more for operators."""
    message = story.message
    template = (
        Template.objects.filter(enterprise_id=message.enterprise_id, pk=message.template_id)
        .select_related("signature")
        .first()
    )
    campaign = Campaign.objects.filter(
        enterprise_id=message.enterprise_id, pk=message.campaign_id or 0
    ).first()
    package = Package.objects.filter(
        enterprise_id=message.enterprise_id, pk=message.package_id
    ).first()
    phone = mask(message.phone) if is_masked else message.phone
    return {
        "title": phone,
        "message": message,
        "phone": phone,
        "story": story,
        "accepted_at": message_id_time(message.id),
        "state_label": labels.STATES[story.state],
        "tone": labels.TONES[story.state],
        "explained": story.explained,
        "carrier": CARRIERS[CarrierName(message.carrier)],
        "source": labels.SOURCES[Source(message.source)],
        "template": template,
        "campaign": campaign,
        "package": package,
        "parts": segments.split(message.text),
        "length": segments.length(message.text),
        "channels": dict(Channel.objects.values_list("pk", "name")) if with_channels else {},
    }
