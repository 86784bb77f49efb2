"""Put in the common template library and the usual reasons to reject.

They are the platform's own data, there without any demo. What operators change afterwards stays:
a migration runs once, and run again it leaves alone what is there.
"""

import json
from itertools import count
from pathlib import Path

from django.db import migrations

ROOM = Path(__file__).resolve().parents[1]


def put_in(apps, schema_editor):
    templates = json.loads((ROOM / "library.json").read_text("utf-8"))
    positions = {row["industry"]: count() for row in templates}
    model = apps.get_model("content", "LibraryTemplate")
    model.objects.bulk_create(
        (model(position=next(positions[row["industry"]]), **row) for row in templates),
        ignore_conflicts=True,
    )
    reasons = json.loads((ROOM / "reject_reasons.json").read_text("utf-8"))
    model = apps.get_model("content", "RejectReason")
    if model.objects.exists():
        return
    model.objects.bulk_create(
        model(subject=subject, text=text, position=position)
        for subject, texts in reasons.items()
        for position, text in enumerate(texts)
    )


class Migration(migrations.Migration):
    dependencies = [("content", "0001_initial")]
    operations = [migrations.RunPython(put_in, migrations.RunPython.noop)]
