"""One question before a destructive step, that says what will happen.

The question is a page of its own and works without scripts. A link with `data-dialog` shows the
same page's question in a dialog instead (static/shell.js). The view answers GET with `ask` and
acts on POST.
"""

from collections.abc import Sequence

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise

Text = str | Promise


def ask(
    request: HttpRequest,
    *,
    title: Text,
    text: Text,
    button: Text,
    back: str,
    tone: str = "danger",
    form: forms.BaseForm | None = None,
    facts: Sequence[tuple[Text, object]] = (),
) -> HttpResponse:
    """The page with the question; its form posts to the address it was asked at.

    Args:
        text: what will happen, in whole sentences.
        back: where "Cancel" leads.
        tone: "danger" or "primary": the colour of the button.
        form: what else must be said, such as a reason; with errors it answers 422.
        facts: label and value of what it is about.
    """
    context = {
        "title": title, "text": text, "button": button, "back": back, "tone": tone,
        "form": form, "facts": facts,
    }  # fmt: skip
    status = 422 if form is not None and form.errors else 200
    return render(request, "web/confirm.html", context, status=status)
