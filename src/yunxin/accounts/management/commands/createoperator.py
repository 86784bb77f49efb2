"""`yunxin manage createoperator NAME`: the first login of a new platform."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from yunxin.accounts import members
from yunxin.accounts.errors import AccountError
from yunxin.accounts.forms import USERNAME
from yunxin.accounts.models import User


class Command(BaseCommand):
    """Adds an operator and prints the initial password, which the first sign-in replaces."""

    help = "Adds an operator of the console and prints the initial password once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="account for signing in")
        parser.add_argument("--full-name", default="", help="as others see it in the console")

    def handle(self, *_args: Any, **options: Any) -> None:
        username = options["username"]
        try:
            USERNAME(username)
            _user, password = members.add_user(
                None, by=None, username=username, role=User.Role.OPERATOR,
                full_name=options["full_name"],
            )  # fmt: skip
        except (ValidationError, AccountError) as error:
            message = " ".join(getattr(error, "messages", [str(error)]))
            raise CommandError(message) from None
        self.stdout.write(f"Operator {username.lower()} was added.")
        self.stdout.write(f"Initial password: {password}")
        self.stdout.write("The first sign-in asks for a new one.")
