"""The words that both halves write into the database, and the shape of a message id.

The Django half and the engine half never import one another; what a row's state column may hold
is said here once. A `StrEnum` is written by its value. Start with `MessageState`.
"""

from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum


class MessageKind(StrEnum):
    """What is sent: a text SMS, or a rich-media message."""

    TEXT = "text"
    RICH = "rich"


class TrafficClass(StrEnum):
    """Why it is sent; decides who goes first when the lines are full."""

    VERIFICATION = "verification"
    NOTICE = "notice"
    MARKETING = "marketing"


class Priority(IntEnum):
    """The order in which traffic classes are claimed: the lower number goes first."""

    VERIFICATION = 0
    NOTICE = 1
    MARKETING = 2


PRIORITY_OF = {
    TrafficClass.VERIFICATION: Priority.VERIFICATION,
    TrafficClass.NOTICE: Priority.NOTICE,
    TrafficClass.MARKETING: Priority.MARKETING,
}


class MessageState(StrEnum):
    """The life of a message: accepted → sending → submitted → a final word.

    The column holds `accepted` until the message is final. `sending` and `submitted` are derived
    by the pages from the queue, so that a message is written only twice.
    """

    ACCEPTED = "accepted"
    SENDING = "sending"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


FINAL_STATES = frozenset(
    {
        MessageState.DELIVERED,
        MessageState.FAILED,
        MessageState.EXPIRED,
        MessageState.UNKNOWN,
        MessageState.CANCELLED,
    }
)


class MessageEventKind(StrEnum):
    """What the time line of a message tells besides its ordinary way."""

    REFUSED = "refused"  # the carrier refused it for good
    RETRY = "retry"  # the carrier refused it for now; it is tried again
    UNANSWERED = "unanswered"  # no answer in time
    IN_DOUBT = "in_doubt"  # handed over, unanswered when the engine or the line died
    SENT_AGAIN = "sent_again"  # in doubt and sent again: the phone may get it twice
    LATE_RECEIPT = "late_receipt"  # a receipt after the final word; the word stays
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"  # in doubt, and not sent again as people withdrew it
    EXPIRED = "expired"  # no receipt within the settable time


class CodeGroup(StrEnum):
    """What kind of thing a carrier's code says: the one taxonomy for the codes of all protocols."""

    DELIVERED = "delivered"
    ON_THE_WAY = "on_the_way"  # not the final word
    NUMBER = "number"  # not assigned, or not valid
    UNREACHABLE = "unreachable"  # switched off, out of reach, for too long
    PHONE = "phone"  # memory full, cannot receive
    SUSPENDED = "suspended"  # arrears, the service is stopped
    BLOCKED = "blocked"  # on a list of the carrier or of ours
    CONTENT = "content"  # the text, its signature or its length
    LIMIT = "limit"  # too fast, too often, the quota is used up
    ROUTE = "route"  # no route there, the number was ported
    ACCOUNT = "account"  # our account: log-in, access number, service and fee codes
    FORMAT = "format"  # a field of the protocol
    CARRIER = "carrier"  # the carrier's own system
    NO_WORD = "no_word"  # no answer or no report came
    WITHDRAWN = "withdrawn"  # by ourselves
    OTHER = "other"


class Source(StrEnum):
    """How a message came in."""

    PORTAL = "portal"
    API = "api"
    SMPP = "smpp"  # an enterprise's system, bound to the SMPP server


class CarrierName(StrEnum):
    """The carriers of the mainland; `unknown` goes the default route."""

    MOBILE = "mobile"
    UNICOM = "unicom"
    TELECOM = "telecom"
    BROADNET = "broadnet"
    UNKNOWN = "unknown"


class Province(StrEnum):
    """Where a mainland mobile number is from, in the order of GB/T 2260.

    `text.places` keeps the places in this order in its bytes: new ones come last.
    """

    BEIJING = "beijing"
    TIANJIN = "tianjin"
    HEBEI = "hebei"
    SHANXI = "shanxi"
    INNER_MONGOLIA = "inner_mongolia"
    LIAONING = "liaoning"
    JILIN = "jilin"
    HEILONGJIANG = "heilongjiang"
    SHANGHAI = "shanghai"
    JIANGSU = "jiangsu"
    ZHEJIANG = "zhejiang"
    ANHUI = "anhui"
    FUJIAN = "fujian"
    JIANGXI = "jiangxi"
    SHANDONG = "shandong"
    HENAN = "henan"
    HUBEI = "hubei"
    HUNAN = "hunan"
    GUANGDONG = "guangdong"
    GUANGXI = "guangxi"
    HAINAN = "hainan"
    CHONGQING = "chongqing"
    SICHUAN = "sichuan"
    GUIZHOU = "guizhou"
    YUNNAN = "yunnan"
    TIBET = "tibet"
    SHAANXI = "shaanxi"
    GANSU = "gansu"
    QINGHAI = "qinghai"
    NINGXIA = "ningxia"
    XINJIANG = "xinjiang"


class PortedOrigin(StrEnum):
    """How a number came into the table of ported numbers."""

    IMPORTED = "imported"
    MANUAL = "manual"  # entered by an operator
    LEARNED = "learned"  # from a carrier's report


class SignatureKind(StrEnum):
    """What a signature names."""

    COMPANY = "company"
    TRADEMARK = "trademark"
    APP = "app"
    WEBSITE = "website"
    ACCOUNT = "account"  # 公众号 / 小程序
    OTHER = "other"


class ReviewState(StrEnum):
    """The life of whatever an operator reviews."""

    PENDING = "pending"  # 审核中
    APPROVED = "approved"  # 审核通过
    REJECTED = "rejected"  # 审核驳回
    CANCELLED = "cancelled"  # 已注销


class TemplateKind(StrEnum):
    """行业短信 or 营销短信."""

    INDUSTRY = "industry"
    MARKETING = "marketing"


class SignaturePosition(StrEnum):
    """Where 【签名】 stands in the text."""

    FRONT = "front"
    BACK = "back"


class AudienceKind(StrEnum):
    """How a campaign's recipients were given."""

    TYPED = "typed"
    GROUPS = "groups"
    FILE = "file"


class AudienceState(StrEnum):
    """How far the preparation of a campaign's recipients is."""

    WAITING = "waiting"
    READING = "reading"
    READY = "ready"
    FAILED = "failed"


class CampaignWish(StrEnum):
    """What people decided about a campaign."""

    DRAFT = "draft"
    RUN = "run"
    PAUSE = "pause"
    TERMINATE = "terminate"


class CampaignState(StrEnum):
    """What the engine made of a campaign so far."""

    FEEDING = "feeding"  # recipients are being turned into messages
    FED = "fed"  # all are messages; some are not final yet
    FINISHED = "finished"
    FAILED = "failed"  # it could not be carried out; `failure` says why
    TERMINATED = "terminated"


class CampaignHold(StrEnum):
    """Why a running campaign waits by itself."""

    NONE = ""
    NO_BALANCE = "no_balance"
    QUIET_HOURS = "quiet_hours"


class CampaignFailure(StrEnum):
    """Why a campaign could not be carried out."""

    NONE = ""
    SIGNATURE = "signature"  # cancelled or no longer approved
    TEMPLATE = "template"  # deleted or no longer approved
    ENTERPRISE = "enterprise"  # suspended
    ALL_REFUSED = "all_refused"  # not a single recipient could be accepted


class Refusal(StrEnum):
    """Why a message was not accepted; people read the sentence, programs the word."""

    PHONE_INVALID = "phone_invalid"
    PHONE_DUPLICATE = "phone_duplicate"
    BLOCKED_GLOBAL = "blocked_global"
    BLOCKED_ENTERPRISE = "blocked_enterprise"
    CARRIER_NOT_SERVED = "carrier_not_served"  # outside the template's 发送范围
    PARAMS_MISSING = "params_missing"
    PARAMS_EXTRA = "params_extra"
    PARAM_TOO_LONG = "param_too_long"
    FORBIDDEN_WORD = "forbidden_word"
    TEXT_TOO_LONG = "text_too_long"
    QUIET_HOURS = "quiet_hours"
    FREQUENCY = "frequency"
    NO_BALANCE = "no_balance"
    SIGNATURE_NOT_APPROVED = "signature_not_approved"
    TEMPLATE_NOT_APPROVED = "template_not_approved"
    ENTERPRISE_SUSPENDED = "enterprise_suspended"
    LINE_MALFORMED = "line_malformed"
    FULL_WIDTH_COMMA = "full_width_comma"
    EXTENSION_TOO_LONG = "extension_too_long"
    EXTENSION_TAKEN = "extension_taken"  # replies would be another enterprise's


SENDER_DIGITS_MAX = 20
"""Of an access number with its extension codes: what carriers' protocols hold (SMPP v3.4 §5.2.8:
21 octets with the NUL; CMPP Src_Id, SGIP SPNumber and SMGP SrcTermID hold 21)."""


class CredentialKind(StrEnum):
    """Which interface a credential opens."""

    RONGHE = "ronghe"  # the AccessKey of the dialect
    V1 = "v1"


class ErrandKind(StrEnum):
    """What a system may apply for over the API."""

    SIGNATURE = "signature"
    TEMPLATE = "template"


class PushKind(StrEnum):
    """What is pushed to an enterprise's URL; `test` is what the button of the page sends."""

    RECEIPTS = "receipts"
    REPLIES = "replies"
    TEST = "test"


class PushFormat(StrEnum):
    """In whose words it is pushed."""

    RONGHE = "ronghe"
    V1 = "v1"


class PushBatchState(StrEnum):
    """The life of one request to an enterprise's URL."""

    WAITING = "waiting"  # to be tried, now or later
    ACKED = "acked"
    DEAD = "dead"  # not acknowledged in all the time that it was tried


class PushWishKind(StrEnum):
    """What people want pushed."""

    TEST = "test"
    BATCH = "batch"  # one batch again
    RANGE = "range"  # everything of a time again


class PushError(StrEnum):
    """Why a try of a push was not acknowledged; people read the sentence."""

    NONE = ""
    BAD_URL = "bad_url"
    NOT_FOUND = "name_not_found"  # the host has no address
    FORBIDDEN_ADDRESS = "forbidden_address"  # private, loopback, link-local …
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN_OFF = "broken_off"  # closed before the answer was whole
    TOO_LONG = "answer_too_long"
    REDIRECT = "redirect"  # not followed
    STATUS = "status"  # any other status than the format asks for
    NOT_JSON = "not_json"  # the dialect wants {"status":0}
    SAID_NO = "said_no"  # {"status":1} and the like


class SmppTextMode(StrEnum):
    """Which texts an SMPP account may send."""

    TEMPLATES = "templates"  # those that match an approved template
    FREE = "free"  # any with a registered signature; operators approve it beforehand


class SmppSourceRule(StrEnum):
    """What the source_addr of a submit_sm means."""

    IGNORED = "ignored"
    EXTENSION = "extension"  # free digits behind the enterprise's number


class SmppReplies(StrEnum):
    """Which replies an SMPP account gets."""

    NONE = "none"
    OWN = "own"  # those to messages that it sent
    ALL = "all"  # and those to what the enterprise sent otherwise


class SmppAlphabet(StrEnum):
    """What data_coding 0 means, the message centre's default alphabet."""

    GSM7 = "gsm7"
    LATIN1 = "latin1"


class SmppSessionMode(StrEnum):
    """What an enterprise's system bound as."""

    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


class SmppBindRefusal(StrEnum):
    """Why a bind to an account that is there was refused."""

    PASSWORD = "password"
    DISABLED = "disabled"
    SUSPENDED = "suspended"  # the enterprise
    ADDRESS = "address"
    SESSIONS = "sessions"  # there are as many as allowed


class SmppDeliverKind(StrEnum):
    """What waits to be delivered to an SMPP account."""

    RECEIPT = "receipt"
    LOST = "lost"  # the receipt of a part that never became a message
    REPLY = "reply"


class BlockReason(StrEnum):
    """Why a phone is on a blacklist."""

    OPERATOR = "operator"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINT = "complaint"


class PhoneCondition(StrEnum):
    """What a carrier told of a phone's account with it."""

    CANCELLED = "cancelled"  # the number will be somebody else's
    SUSPENDED = "suspended"  # in arrears


class ChannelWish(StrEnum):
    """What the operator wants a channel to do."""

    RUN = "run"
    DRAIN = "drain"  # finish what it has, take nothing new, then say good-bye
    STOP = "stop"


class LinkState(StrEnum):
    """What the engine says a channel's line is doing."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    BOUND = "bound"
    IDLE = "idle"  # it said good-bye in peace, and connects when there is something to send
    REFUSED = "refused"  # the carrier refused the log-in
    DOWN = "down"
    DRAINING = "draining"  # it finishes what it has and takes nothing new
    DRAINED = "drained"  # the pages say so where all is finished and no engine has a line


# The lines that take messages.
READY_STATES = frozenset({LinkState.BOUND, LinkState.IDLE})


class BreakerState(StrEnum):
    """Whether a channel's circuit breaker lets messages through."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"  # one tries
    OPEN = "open"


class BindMode(StrEnum):
    """How an SMPP account is bound."""

    TRANSCEIVER = "transceiver"
    PAIR = "pair"  # a transmitter and a receiver


class CarrierProtocol(StrEnum):
    """What a channel speaks with its carrier."""

    SMPP = "smpp"
    CMPP = "cmpp"  # China Mobile's
    SGIP = "sgip"  # China Unicom's
    SMGP = "smgp"  # China Telecom's


class TryOutcome(StrEnum):
    """What came of trying to log in as a channel; people read the sentence."""

    WAITING = ""
    BOUND = "bound"
    SETTINGS = "settings"  # they make no account of the protocol
    PASSWORD_LOST = "password_lost"  # sealed with another secret key
    NOT_FOUND = "name_not_found"  # the host has no address
    CONNECT = "connect"  # nobody listens there, or no way leads there
    CONNECT_TIMEOUT = "connect_timeout"
    REFUSED = "refused"  # by the carrier, with a status
    LOGIN_TIMEOUT = "login_timeout"  # connected, and no answer to the log-in
    BROKEN_OFF = "broken_off"  # closed, or not understood, in place of an answer


class IdRule(StrEnum):
    """How the id of a receipt is brought to the form of the submit answer's id."""

    AS_IS = "as_is"
    HEX_TO_DECIMAL = "hex_to_decimal"
    DECIMAL_TO_HEX = "decimal_to_hex"
    CASE_INSENSITIVE = "case_insensitive"


class WireAlphabet(StrEnum):
    """In which alphabet a channel sends."""

    UCS2 = "ucs2"
    GSM7_OR_UCS2 = "gsm7_or_ucs2"  # 7-bit where the whole text allows it


class InDoubtPolicy(StrEnum):
    """What becomes of a message that was handed over and not answered when a process died."""

    RESEND = "resend"
    UNKNOWN = "unknown"


# Message ids -----------------------------------------------------------------------------------

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
NODE_BITS = 10
COUNTER_BITS = 12
TIME_SHIFT = NODE_BITS + COUNTER_BITS  # milliseconds stand above node and counter


def message_id_floor(moment: datetime) -> int:
    """The smallest message id that can be made at this moment (aware) or later."""
    return ((moment - EPOCH) // timedelta(milliseconds=1)) << TIME_SHIFT


def message_id_time(message_id: int) -> datetime:
    """When the id was made: aware UTC, to the millisecond."""
    return EPOCH + timedelta(milliseconds=message_id >> TIME_SHIFT)
