"""Templates with `#*#` variables: counting them, filling them, putting the whole text together."""

from collections.abc import Sequence

from yunxin.vocabulary import SignaturePosition, TemplateKind

PLACEHOLDER = "#*#"
UNSUBSCRIBE_HINT = "拒收请回复R"


class ParameterCountWrong(ValueError):
    """The number of parameters differs from the number of variables in the template."""

    def __init__(self, wanted: int, given: int) -> None:
        super().__init__(wanted, given)
        self.wanted = wanted
        self.given = given


def variables(content: str) -> int:
    """How many `#*#` variables the content has."""
    return content.count(PLACEHOLDER)


def fill(content: str, parameters: Sequence[str]) -> str:
    """The content with each variable replaced, in order.

    A parameter that itself holds `#*#` is taken as it is, never filled again.

    Raises:
        ParameterCountWrong: too few or too many parameters.
    """
    pieces = content.split(PLACEHOLDER)
    if len(parameters) != len(pieces) - 1:
        raise ParameterCountWrong(len(pieces) - 1, len(parameters))
    filled = [pieces[0]]
    for parameter, piece in zip(parameters, pieces[1:], strict=True):
        filled += (parameter, piece)
    return "".join(filled)


def compose(
    content: str,
    *,
    signature: str,
    position: SignaturePosition = SignaturePosition.FRONT,
    kind: TemplateKind = TemplateKind.INDUSTRY,
) -> str:
    """The whole text as the phone shows it: signature in 【】, content, unsubscribe hint.

    A marketing text ends with the hint unless the content already does; with the signature at
    the back the hint stands before it, as the signature is the last thing of such a text.
    """
    if kind == TemplateKind.MARKETING and not content.rstrip().endswith(UNSUBSCRIBE_HINT):
        content = (
            f"{content}，{UNSUBSCRIBE_HINT}"
            if _wants_comma(content)
            else content + UNSUBSCRIBE_HINT
        )
    if position == SignaturePosition.BACK:
        return f"{content}【{signature}】"
    return f"【{signature}】{content}"


def _wants_comma(content: str) -> bool:
    return bool(content) and content[-1] not in "，。！？；,.!?; \n"
