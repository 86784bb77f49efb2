"""What a signature and a template must look like, checked before anybody reviews them.

Every finding names the rule, the place and the mend. `signature_problems` and
`template_problems` return all of them at once, those that refuse and those that only warn; the
form, the live preview and the writing functions use the same two. No database in this file.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yunxin.content.errors import Problem
from yunxin.content.words import place_of
from yunxin.text import segments
from yunxin.text.placeholders import PLACEHOLDER, UNSUBSCRIBE_HINT, variables
from yunxin.text.words import WordList
from yunxin.vocabulary import CarrierName, TemplateKind, TrafficClass

SIGNATURE_LENGTH_MIN, SIGNATURE_LENGTH_MAX = 2, 12  # product rule
CONTENT_UNITS_MAX = 500  # ours: leaves half of the 1,000 of a whole text to the variables
VARIABLES_MAX = 20  # ours: more than anybody fills in by hand without a mistake
NAME_LENGTH_MAX = 40  # Template.name
VARIABLE_NAME_LENGTH_MAX = 20

CARRIERS = (CarrierName.MOBILE, CarrierName.UNICOM, CarrierName.TELECOM)  # 三网
ALL_CARRIERS = ["all"]

TRAFFIC_OF_KIND = {
    TemplateKind.INDUSTRY: (TrafficClass.NOTICE, TrafficClass.VERIFICATION),
    TemplateKind.MARKETING: (TrafficClass.MARKETING,),
}

_BRACKETS = "【】[]［］〔〕「」『』()（）{}｛｝<>《》〈〉"
_SIGNATURE_CHARS = re.compile(r"[0-9A-Za-z\u3400-\u4dbf\u4e00-\u9fff]+")

# What people write for a variable when they come from another platform.
_FOREIGN_VARIABLE = re.compile(
    r"[#＃]\s*[*＊×][*＊×\s]*[#＃]|\$\{[^{}\n]{0,20}\}|\{\{?[^{}\n]{0,20}\}?\}"
)
_ADJACENT = re.compile(re.escape(PLACEHOLDER) + r"\s*" + re.escape(PLACEHOLDER))
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s，。；！？、【】#]+"
    r"|(?<![\w@.])(?:[a-z0-9-]+\.)+(?:com|cn|net|org|top|xyz|vip|cc|co|me|io|app|shop|link)"
    r"(?![\w.])(?:/[^\s，。；！？、【】#]*)?",
    re.IGNORECASE | re.ASCII,
)
_SHORT_LINK = re.compile(
    r"(?<![\w.])(?:t\.cn|url\.cn|dwz\.cn|suo\.im|bit\.ly|t\.co|goo\.gl|tinyurl\.com|is\.gd)\b",
    re.IGNORECASE,
)
_UNSUBSCRIBE_VARIANT = re.compile(
    r"(?:拒收|退订|取消)\s*请?\s*(?:回复?|发送?|按)\s*[A-Za-z0-9]{1,4}|回复?\s*[A-Za-z0-9]{1,4}\s*(?:退订|拒收)",
)
CODE_WORD = "验证码"
_CODE_WORD = re.compile(r"验证码|校验码|动态码|动态密码|确认码|verification code|passcode", re.I)
_OFFER_WORD = re.compile(
    r"优惠|促销|折扣|特价|秒杀|满减|立减|抽奖|中奖|免费领|限时抢|抢购|红包|大促|钜惠|买一送一|[1-9一二三四五六七八九]折"
)


def signature_problems(name: str) -> list[Problem]:
    """What is wrong with a signature's name; empty when it may be applied for."""

    def problem(rule: str, sentence: str) -> list[Problem]:
        return [Problem(rule=rule, field="name", sentence=sentence)]

    if not name.strip():
        return problem("missing", _("Enter the signature."))
    if any(char in _BRACKETS for char in name):
        return problem(
            "brackets",
            _("Leave the brackets out: the platform puts 【】 around the signature by itself."),
        )
    if any(char.isspace() for char in name):
        return problem("spaces", _("A signature has no spaces. Remove them."))
    strange = _SIGNATURE_CHARS.sub("", name)
    if strange:
        return problem(
            "characters",
            _("“%(char)s” cannot stand in a signature: use Chinese characters, letters and digits.")
            % {"char": strange[0]},
        )
    if not SIGNATURE_LENGTH_MIN <= len(name) <= SIGNATURE_LENGTH_MAX:
        return problem(
            "length",
            _("A signature has %(least)d to %(most)d characters; this one has %(length)d.")
            % {"least": SIGNATURE_LENGTH_MIN, "most": SIGNATURE_LENGTH_MAX, "length": len(name)},
        )
    return []


def needs_evidence(name: str, company: str) -> bool:
    """Whether a signature differs from the registered company name, of which it may be a part."""

    def bare(text: str) -> str:
        return "".join(_SIGNATURE_CHARS.findall(unicodedata.normalize("NFKC", text))).lower()

    return bare(name) not in bare(company)


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """What the rules of templates look at."""

    content: str  # as `tidy` returns it
    kind: TemplateKind
    traffic: TrafficClass
    marketing_hours: tuple[time, time]  # Shanghai; when marketing may be sent


def tidy(content: str) -> str:
    """The content as it is kept: one kind of line end, nothing around it."""
    return content.replace("\r\n", "\n").replace("\r", "\n").strip()


def template_problems(text: Text, words: WordList) -> list[Problem]:
    """All that is to be said about a template's text, in the order in which people mend it."""
    if not text.content:
        return [_problem("missing", _("Enter the content of the template."))]
    found: list[Problem] = []
    for rule in (_form, _variables, _links, _code, _marketing):
        found += rule(text)
    found += _forbidden(text.content, words)
    return found


def _problem(rule: str, sentence: str, *, field: str = "content", refuses: bool = True) -> Problem:
    return Problem(rule=rule, field=field, sentence=sentence, refuses=refuses)


def _form(text: Text) -> Iterator[Problem]:
    units = segments.length(text.content)
    if units > CONTENT_UNITS_MAX:
        yield _problem(
            "length",
            _("The content has %(length)d characters; at most %(most)d are possible. Shorten it.")
            % {"length": units, "most": CONTENT_UNITS_MAX},
        )
    for at, char in enumerate(text.content, 1):
        if char in "【】":
            yield _problem(
                "brackets",
                _(
                    "Character %(at)d is “%(char)s”, which is kept for the signature."
                    " Use other brackets, such as （）or《》; the signature is added by itself."
                )
                % {"at": at, "char": char},
            )
            break
    for at, char in enumerate(text.content, 1):
        if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs"):
            yield _problem(
                "control",
                _("Character %(at)d cannot be seen and cannot be sent. Delete it.") % {"at": at},
            )
            break


def _variables(text: Text) -> Iterator[Problem]:
    rest = text.content.replace(PLACEHOLDER, "\0\0\0")  # of the same length: places stay right
    if foreign := _FOREIGN_VARIABLE.search(rest):
        yield _problem(
            "variable_form",
            _("Character %(at)d: “%(written)s” is not a variable here. Write %(variable)s instead.")
            % {"at": foreign.start() + 1, "written": foreign[0], "variable": PLACEHOLDER},
        )
    if adjacent := _ADJACENT.search(text.content):
        yield _problem(
            "variables_adjacent",
            _(
                "Character %(at)d: two variables follow each other directly."
                " Put fixed words between them or make them one."
            )
            % {"at": adjacent.start() + 1},
        )
    count = variables(text.content)
    if count > VARIABLES_MAX:
        yield _problem(
            "variables_many",
            _("The content has %(count)d variables; at most %(most)d are possible.")
            % {"count": count, "most": VARIABLES_MAX},
        )
    fixed = [char for char in rest if char.isalnum()]
    if count and len(fixed) < 4:
        yield _problem(
            "variables_only",
            _("There are hardly any fixed words. Say in fixed words what the message is about."),
        )


def _links(text: Text) -> Iterator[Problem]:
    if short := _SHORT_LINK.search(text.content):
        yield _problem(
            "short_link",
            _(
                "Character %(at)d: “%(link)s” hides where it leads and is usually rejected."
                " Use a link of your own registered domain."
            )
            % {"at": short.start() + 1, "link": short[0]},
            refuses=False,
        )
    elif link := _LINK.search(text.content):
        yield _problem(
            "link",
            _(
                "Character %(at)d: the link “%(link)s” is checked at review."
                " It should be of a domain registered to your company."
            )
            % {"at": link.start() + 1, "link": link[0][:60]},
            refuses=False,
        )


def _code(text: Text) -> Iterator[Problem]:
    says_code = bool(_CODE_WORD.search(text.content))
    if text.traffic == TrafficClass.VERIFICATION:
        if not variables(text.content):
            yield _problem(
                "code_without_variable",
                _("A verification code needs a variable for the code. Insert %(variable)s.")
                % {"variable": PLACEHOLDER},
            )
        if not says_code:
            yield _problem(
                "code_unnamed",
                _(
                    "A verification code says that it is one. Use the word “%(word)s”,"
                    " or choose Notice as the message purpose."
                )
                % {"word": CODE_WORD},
            )
    elif says_code and text.kind == TemplateKind.INDUSTRY and variables(text.content):
        yield _problem(
            "code_as_notice",
            _(
                "This reads like a verification code. Choose Verification code as the purpose"
                " and it goes out ahead of everything else."
            ),
            field="traffic",
            refuses=False,
        )


def _marketing(text: Text) -> Iterator[Problem]:
    if text.kind != TemplateKind.MARKETING:
        if offer := _OFFER_WORD.search(text.content):
            yield _problem(
                "offer_as_industry",
                _(
                    "Character %(at)d: “%(word)s” reads like marketing, which is usually rejected"
                    " in an industry SMS. Choose marketing SMS or reword it."
                )
                % {"at": offer.start() + 1, "word": offer[0]},
                refuses=False,
            )
        return
    body = text.content.removesuffix(UNSUBSCRIBE_HINT)
    if own := _UNSUBSCRIBE_VARIANT.search(body):
        yield _problem(
            "unsubscribe_twice",
            _(
                "Character %(at)d: remove “%(own)s”. The platform ends every marketing SMS"
                " with “%(hint)s” by itself."
            )
            % {"at": own.start() + 1, "own": own[0], "hint": UNSUBSCRIBE_HINT},
        )
    start, end = text.marketing_hours
    yield _problem(
        "marketing_hours",
        _(
            "A marketing SMS ends with “%(hint)s” and is sent between %(start)s and %(end)s only;"
            " what is due at another time waits."
        )
        % {"hint": UNSUBSCRIBE_HINT, "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"},
        refuses=False,
    )


def _forbidden(content: str, words: WordList) -> Iterator[Problem]:
    found = words.find(content)
    if found is not None:
        at, written = place_of(content, found)
        yield _problem(
            "forbidden_word",
            _("Character %(at)d: “%(word)s” is a forbidden word. Reword the sentence.")
            % {"at": at, "word": written},
        )


def variable_name_problems(names: Sequence[str], content: str) -> list[Problem]:
    """What is wrong with the names that the applicant gave to the variables."""
    wanted = variables(content)
    problems = []
    if len(names) > wanted:
        problems.append(
            _problem(
                "variable_names",
                ngettext(
                    "The content has %(count)d variable, but there are more names.",
                    "The content has %(count)d variables, but there are more names.",
                    wanted,
                )
                % {"count": wanted},
                field="variable_names",
            )
        )
    problems += [
        _problem(
            "variable_name_length",
            _("The name “%(name)s” is longer than %(most)d characters. Shorten it.")
            % {"name": name, "most": VARIABLE_NAME_LENGTH_MAX},
            field="variable_names",
        )
        for name in names
        if len(name) > VARIABLE_NAME_LENGTH_MAX
    ]
    return problems


def full_variable_names(names: Sequence[str], content: str) -> list[str]:
    """One name for each variable; 变量N where none was given, in the language of the page."""
    given = [name.strip() for name in names]
    return [
        (given[n] if n < len(given) else "") or _("Variable %(number)d") % {"number": n + 1}
        for n in range(variables(content))
    ]
