"""`yunxin manage loaddemo --smpp-port N …`: make the demo where there is none."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from yunxin.demo.channels import CarrierPorts
from yunxin.demo.load import api, load, logins, smpp


class Command(BaseCommand):
    help = "Make the demo data where there is none, and point its channels to the carrier."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--smpp-port", type=int, required=True)
        for name in ("cmpp", "sgip", "sgip-deliver", "smgp"):
            parser.add_argument(f"--{name}-port", type=int, default=0)
        parser.add_argument("--json", action="store_true", help="print logins and keys too")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.CONFIG.demo:
            raise CommandError(
                "The demo is only for YUNXIN_DEMO=true: its logins are known to all."
            )
        made = load(ports=CarrierPorts(**{n: options[f"{n}_port"] for n in CarrierPorts._fields}))
        self.stdout.write("The demo was made." if made else "The demo was there already.")
        if options["json"]:
            said = {"logins": logins(), "api": api(), "smpp_server": smpp()}
            self.stdout.write(json.dumps(said, ensure_ascii=False))
