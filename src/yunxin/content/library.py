"""The common template library (常用模板库): kept by operators, used by everybody without review.

What comes with the platform stands in `library.json` and is put in by a migration; from then on
the rows belong to the operators.
"""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Max, Min, QuerySet

from yunxin.accounts import audit
from yunxin.accounts.models import User
from yunxin.content import rules
from yunxin.content.errors import NameTaken, Problem, Refused, TrafficRefused
from yunxin.content.models import LibraryTemplate
from yunxin.content.review import reorder
from yunxin.content.text_templates import problems_of_text
from yunxin.vocabulary import TemplateKind, TrafficClass


def offered() -> QuerySet[LibraryTemplate]:
    """What enterprises may choose from."""
    return LibraryTemplate.objects.filter(active=True)


def industries(*, active_only: bool = True) -> list[str]:
    """The industries that have templates, in the order in which they came into the library."""
    rows = offered() if active_only else LibraryTemplate.objects.all()
    first = rows.values("industry").annotate(first=Min("id")).order_by("first")
    return [row["industry"] for row in first]


def problems_of(content: str, kind: TemplateKind, traffic: TrafficClass) -> list[Problem]:
    """What speaks against a text in the library: the same as in an application."""
    problems = problems_of_text(content, kind=kind, traffic=traffic)
    if traffic not in rules.TRAFFIC_OF_KIND[kind]:
        sentence = str(TrafficRefused.sentence)
        problems.append(Problem(rule="traffic", field="traffic", sentence=sentence))
    return problems


def save_library_template(
    *,
    by: User,
    industry: str,
    name: str,
    content: str,
    kind: TemplateKind,
    traffic: TrafficClass,
    variable_names: Sequence[str] = (),
    library_template: LibraryTemplate | None = None,
) -> LibraryTemplate:
    """Add a template at the end of its industry, or change one.

    Templates that enterprises took from it before stay as they are.

    Raises:
        Refused: the text breaks rules; all of them are named.
        NameTaken: the industry has a template of this name.
    """
    content = rules.tidy(content)
    problems = problems_of(content, kind, traffic)
    problems += rules.variable_name_problems(variable_names, content)
    if any(problem.refuses for problem in problems):
        raise Refused(problems)
    row = library_template or LibraryTemplate()
    action = "library.edit" if row.pk else "library.create"
    if row.pk is None or row.industry != industry:
        row.position = _next_position(industry)
    row.industry, row.name, row.content = industry, name, content
    row.kind, row.traffic = kind, traffic
    row.variable_names = rules.full_variable_names(variable_names, content)
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            raise NameTaken from None
        audit.record(by, action, f"{row} #{row.pk}")
    return row


def switch_library_template(
    *, by: User, library_template: LibraryTemplate, active: bool
) -> LibraryTemplate:
    """Offer a template or offer it no longer; those taken from it keep working."""
    with transaction.atomic():
        library_template.active = active
        library_template.save(update_fields=("active",))
        audit.record(
            by, "library.edit", f"{library_template} #{library_template.pk}", active=active
        )
    return library_template


def move_library_template(*, by: User, library_template: LibraryTemplate, up: bool) -> None:
    """Swap a template with its neighbour in the industry; at the end nothing happens."""
    with transaction.atomic():
        same = LibraryTemplate.objects.filter(industry=library_template.industry)
        if reorder(list(same.select_for_update()), library_template, up=up):
            audit.record(by, "library.edit", f"{library_template} #{library_template.pk}", up=up)


def _next_position(industry: str) -> int:
    last = LibraryTemplate.objects.filter(industry=industry).aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1
