"""HTML made of functions: what is not markup already is escaped, always."""

from html import escape

Child = object
VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(child: Child) -> Markup:
    """A child as HTML: lists are joined, None is nothing, all else is escaped."""
    if isinstance(child, Markup):
        return child
    if child is None:
        return Markup("")
    if isinstance(child, list | tuple):
        return Markup("".join(text(one) for one in child))
    return Markup(escape(str(child)))


def tag(element: str, /, *children: Child, **attributes: object) -> Markup:
    """One element. `class_` and `for_` lose their underscore, others in names become hyphens.

    An attribute that is None or False is left out; True stands without a value.
    """
    words = [element]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        words.append(attribute if value is True else f'{attribute}="{escape(str(value))}"')
    start = f"<{' '.join(words)}>"
    return Markup(start if element in VOID else f"{start}{text(children)}</{element}>")
