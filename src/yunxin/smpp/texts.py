"""Which template a text was written by, or whose signature a free text bears.

Templates are those of the directory's snapshot; a matcher is made for an enterprise when it first
sends, and anew when anything in the directory changed.
"""

from typing import NamedTuple

from yunxin.engine.checks import FreeText
from yunxin.engine.directory import Directory, Snapshot
from yunxin.text.matching import Known, Matcher, take_apart
from yunxin.vocabulary import Refusal, TrafficClass


class Wording(NamedTuple):
    """What acceptance is asked for: a template with its parameters, or a free text."""

    template_id: int
    parameters: tuple[str, ...]
    free: FreeText | None = None


class Texts:
    """Understands the texts of all enterprises of one process."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._snapshot: Snapshot | None = None
        self._matchers: dict[int, Matcher] = {}
        self._known: dict[int, list[Known]] = {}
        self._signatures: dict[tuple[int, str], int] = {}  # the approved ones, by their names

    def by_template(self, enterprise_id: int, text: str) -> Wording | Refusal:
        """A text that has to match an approved template of the enterprise."""
        self._renew()
        matcher = self._matchers.get(enterprise_id)
        if matcher is None:
            matcher = Matcher(self._known.get(enterprise_id, ()))
            self._matchers[enterprise_id] = matcher
        for way in (text, tidy(text)):
            match = matcher.find(way)
            if match is not None:
                return Wording(match.template_id, match.parameters)
        return self._what_is_missing(enterprise_id, text)

    def as_free(self, enterprise_id: int, text: str, traffic: TrafficClass) -> Wording | Refusal:
        """A text that was approved beforehand and has to bear a signature of the enterprise."""
        self._renew()
        for signed in take_apart(text):
            signature_id = self._signatures.get((enterprise_id, signed.name))
            if signature_id is not None and signed.content:
                free = FreeText(signature_id, traffic, signed.position)
                return Wording(0, (signed.content,), free)
        return Refusal.SIGNATURE_NOT_APPROVED

    def _what_is_missing(self, enterprise_id: int, text: str) -> Refusal:
        names = [signed.name for signed in take_apart(text) if signed.name]
        if names and not any((enterprise_id, name) in self._signatures for name in names):
            return Refusal.SIGNATURE_NOT_APPROVED
        return Refusal.TEMPLATE_NOT_APPROVED

    def _renew(self) -> None:
        snapshot = self._directory.snapshot
        if snapshot is self._snapshot:
            return
        self._snapshot = snapshot
        self._matchers.clear()
        self._known = {}
        for one in snapshot.templates.values():
            known = Known(one.id, one.signature.name, one.position, one.kind, one.content)
            if one.signature.approved:
                self._known.setdefault(one.enterprise_id, []).append(known)
        self._signatures = {
            (one.enterprise_id, one.name): one.id
            for one in snapshot.signatures.values()
            if one.approved
        }


def tidy(text: str) -> str:
    """A text as templates are kept: one kind of line end, nothing around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
