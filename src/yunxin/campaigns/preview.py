"""The phone beside the steps of a campaign: what it shows, how long it is and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass

from yunxin.accounts.models import Enterprise
from yunxin.campaigns.forms import param_names
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.preparation import sample_texts
from yunxin.content.models import Template
from yunxin.text import placeholders, segments
from yunxin.vocabulary import AudienceState, SignaturePosition, TemplateKind

SENDER_UNKNOWN = "106"


@dataclass(frozen=True, slots=True)
class Preview:
    """What stands on the phone, and the three figures under it.

    `numbers` and `cost` are None until recipients are known.
    """

    text: str
    sender: str
    length: int
    numbers: int | None = None
    cost: int | None = None

    @property
    def is_too_long(self) -> bool:
        return self.length > segments.TEXT_UNITS_MAX

    @property
    def segments(self) -> int:
        """What one message like this costs; nothing for an empty phone."""
        return segments.count(self.text) if self.text and not self.is_too_long else 0

    @property
    def is_one(self) -> bool:
        return self.length <= segments.SINGLE_UNITS

    @property
    def bar_max(self) -> int:
        """How many characters fit into the segments that are paid anyhow."""
        if self.is_one:
            return segments.SINGLE_UNITS
        return self.segments * segments.PART_UNITS or segments.TEXT_UNITS_MAX


def preview_of(
    enterprise: Enterprise,
    template: Template | None,
    params: Sequence[str] = (),
    *,
    extension: str = "",
    campaign: Campaign | None = None,
) -> Preview:
    """The text with these parameters; a variable without one shows its name in braces."""
    text = _filled(template, params) if template else ""
    ready = campaign is not None and campaign.audience_state == AudienceState.READY
    return Preview(
        text=text,
        sender=sender_of(enterprise, template, extension),
        length=segments.length(text),
        numbers=campaign.valid_count if campaign and ready else None,
        cost=campaign.segments_expected if campaign and ready else None,
    )


def preview_of_campaign(campaign: Campaign) -> Preview:
    """The text of the first recipient, once there is one."""
    sample = next(iter(sample_texts(campaign, limit=1)), None)
    preview = preview_of(
        campaign.enterprise,
        campaign.template,
        campaign.shared_params,
        extension=campaign.extension_code,
        campaign=campaign,
    )
    if sample is None:
        return preview
    text = sample[1]
    return Preview(text, preview.sender, segments.length(text), preview.numbers, preview.cost)


def sender_of(enterprise: Enterprise, template: Template | None, extension: str) -> str:
    """The number that phones show, as far as it is known before a channel is chosen."""
    if not enterprise.access_number:
        return SENDER_UNKNOWN
    own = template.signature.extension_code if template else ""
    return f"{enterprise.access_number}{enterprise.extension_code}{own}{extension}"


def _filled(template: Template, params: Sequence[str]) -> str:
    names = param_names(template)
    given = [*params, *[""] * len(names)][: len(names)]
    shown = [value or f"{{{name}}}" for value, name in zip(given, names, strict=True)]
    return placeholders.compose(
        placeholders.fill(template.content, shown),
        signature=template.signature.name,
        position=SignaturePosition(template.position),
        kind=TemplateKind(template.kind),
    )
