"""Icons by name: the SVG of @tabler/icons, put into the page itself so that it takes text colour.

Templates say `{% icon "send" %}`; names are the file names on tabler.io/icons.
"""

import re
from functools import lru_cache

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

NAME = re.compile(r"[a-z0-9-]+")


class NoSuchIcon(LookupError):
    """There is no icon of this name in @tabler/icons."""


@lru_cache(maxsize=512)  # as many as the pages name; each about 0.5 kB
def svg(name: str, style: str = "outline") -> SafeString:
    """The icon as an inline element, hidden from screen readers: the text beside it speaks.

    Raises:
        NoSuchIcon: a page names an icon that the package does not have.
    """
    folder = settings.BASE_DIR / "node_modules/@tabler/icons/icons" / style
    path = folder / f"{name}.svg"
    if not NAME.fullmatch(name) or not path.exists():
        raise NoSuchIcon(name)
    drawing = re.sub(r"<!--.*?-->", "", path.read_text("utf-8"), flags=re.DOTALL).strip()
    drawing = re.sub(r'class="[^"]*"', 'class="icon" aria-hidden="true"', drawing, count=1)
    return mark_safe(re.sub(r"\s*\n\s*", " ", drawing))
