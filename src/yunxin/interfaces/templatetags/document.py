"""`{% example "v1.sh" %}`: an example of the interface document, ready to be copied."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

LANGUAGES = {"sh": "sh", "py": "python", "java": "java", "conf": "ini"}  # as editors know them


def code_of(name: str, values: Mapping[Any, Any]) -> str:
    """An example's text, such as `v1.sh`, with these values filled in."""
    source = get_template(f"interfaces/examples/{name}.txt").template  # type: ignore[attr-defined]
    return str(source.render(template.Context(dict(values), autoescape=False))).strip("\n")


@register.simple_tag(takes_context=True)
def example(context: template.Context, name: str) -> SafeString:
    """The example as a block of code, on the page with a button that copies it."""
    code = code_of(name, context.flatten())
    language = f"language-{LANGUAGES[name.rpartition('.')[2]]}"
    if context.get("is_file"):
        return format_html('<pre><code class="{}">{}</code></pre>', language, code)
    return format_html(
        '<div class="example"><button type="button" class="btn btn-small" data-copy="{}"'
        ' data-copied="{}">{}</button><pre tabindex="0"><code class="{}">{}</code></pre></div>',
        code,
        _("Copied."),
        _("Copy"),
        language,
        code,
    )
