"""The app exists for its management command."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "yunxin.demo"
