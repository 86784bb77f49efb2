"""What each field and each call of v1 means, in words of both languages.

Which fields there are comes from the interface's own description; a test fails for one without a
sentence. A field that means something else in one place has an entry `Struct.field`.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OPERATIONS: Mapping[str, Promise] = {
    "send_messages": _("Send one template to up to 1,000 recipients."),
    "preview_messages": _("The same checks, with texts and prices; nothing is sent."),
    "list_messages": _("Messages, newest first."),
    "get_message": _("One message with its time line."),
    "pull_receipts": _("Receipts since a cursor, oldest first."),
    "pull_inbound": _("Replies since a cursor, oldest first."),
    "get_balance": _("What is left in the packages, in segments."),
    "list_signatures": _("The enterprise's signatures, newest first."),
    "list_templates": _("The enterprise's templates, newest first."),
    "get_openapi": _("The description of the interface for programs; needs no key."),
}

FIELDS: Mapping[str, Promise] = {
    # what is asked
    "template": _("The template's number."),
    "recipients": _("Who gets it: 1 to 1,000 recipients."),
    "phone": _("A mobile of mainland China, 11 digits; +86 before it is accepted."),
    "parameters": _("The values of the template's variables, in order, for all recipients."),
    "Recipient.parameters": _("Values for this recipient instead of the shared ones."),
    "extension": _("Digits after your access number; replies to it can be told apart."),
    "reference": _("A text of yours that comes back with receipts, such as an order's number."),
    "cursor": _("The next of an earlier page; empty for the first."),
    "limit": _("Rows on a page."),
    "from": _("Accepted at this time or later."),
    "to": _("Accepted before this time."),
    "query.id": _("The message's id."),
    "query.state": _("Only messages in this state; accepted is all without a final word."),
    "query.phone": _("Only messages to this phone."),
    "query.reference": _("Only messages with this reference."),
    "Idempotency-Key": _("A text that is new for each new wish; the request works once."),
    # what is answered
    "task": _("The request's own number, the same for all its messages."),
    "accepted": _("How many recipients were accepted."),
    "refused": _("How many recipients were refused."),
    "Sent.segments": _("Segments paid for, all recipients together."),
    "Preview.segments": _("Segments that it would cost, all recipients together."),
    "messages": _("One entry for each recipient, in the order of the request."),
    "segments": _("How many segments the text takes."),
    "refusal": _("Why this recipient was refused; absent if it was accepted."),
    "RefusalTold.code": _("The reason, for programs."),
    "RefusalTold.detail": _("What exactly, such as the forbidden word."),
    "RefusalTold.message": _("The reason, for people."),
    "id": _("The message's id; absent if it was refused."),
    "Message.id": _("The message's id."),
    "MessageWithTimeline.id": _("The message's id."),
    "Receipt.id": _("The event's id, by which you know it again."),
    "InboundMessage.id": _("The event's id, by which you know it again."),
    "Signature.id": _("The signature's id."),
    "Template.id": _("The template's number."),
    "state": _(
        "accepted, sending, submitted; then delivered, failed, expired, unknown, cancelled."
    ),
    "Receipt.state": _("delivered, failed, expired, unknown, cancelled or refused."),
    "ReceiptPart.state": _("What became of this part."),
    "Signature.state": _("pending, approved, rejected or cancelled."),
    "Template.state": _("pending, approved, rejected or cancelled."),
    "code": _("The carrier's code, or the reason of a refusal."),
    "text": _("The whole text with signature and unsubscribe hint."),
    "InboundMessage.text": _("What the phone wrote."),
    "source": _("How it came in: api or portal."),
    "accepted_at": _("When the platform accepted it."),
    "submitted_at": _("When the carrier took it."),
    "done_at": _("When the carrier finished it, by the carrier's clock."),
    "finished_at": _("When the platform heard of it."),
    "timeline": _("All that happened to it, oldest first."),
    "TimelineEntry.kind": _("What happened."),
    "at": _("When it happened."),
    "TimelineEntry.code": _("The carrier's code."),
    "TimelineEntry.detail": _("More about it."),
    "data": _("The rows of this page."),
    "next": _("The cursor of the next page; null on the last."),
    "Receipts.next": _("Where the next pull goes on; keep it."),
    "Inbound.next": _("Where the next pull goes on; keep it."),
    "message": _("The message's id."),
    "InboundMessage.message": _("The message that it most likely answers."),
    "parts": _("Of a long message, the parts that have a word of their own."),
    "part": _("The part's number, from 1."),
    "reply": _("The reply's own id."),
    "number": _("The number that was replied to, with its extension."),
    "received_at": _("When it came in."),
    "unsubscribed": _("Whether it was an unsubscribe word; the phone is on your blacklist then."),
    "left": _("Segments that are left."),
    "packages": _("The packages that can be used now."),
    "name": _("Its name."),
    "total": _("Segments bought."),
    "valid_from": _("The first moment of its validity."),
    "valid_to": _("The last moment of its validity."),
    "reject_reason": _("Why it was rejected."),
    "created_at": _("When it was applied for."),
    "content": _("The text with #*# for each variable."),
    "Template.kind": _("industry or marketing."),
    "signature": _("The signature's name."),
    "position": _("Where the signature stands: front or back."),
    "variables": _("The variables' names, in order."),
    # problems
    "type": _("A link into this document."),
    "title": _("The kind of problem, for people; in Chinese if Accept-Language begins with zh."),
    "status": _("The HTTP status."),
    "ProblemTold.code": _("The kind of problem, for programs."),
    "ProblemTold.detail": _("What exactly is wrong."),
    "field": _("Which field is meant, such as recipients[3].phone."),
    "rule": _("Which limit was met."),
    "window": _("The time for which the limit counts."),
    "signed": _("The text whose signature the platform expected."),
    "request": _("The request's number; name it to customer service."),
}


def sentence(struct: str, name: str) -> Promise | str:
    """What a field of a struct means; empty where nobody has said it yet."""
    return FIELDS.get(f"{struct}.{name}", FIELDS.get(name, ""))
