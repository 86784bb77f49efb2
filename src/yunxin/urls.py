"""All addresses: each room says its own in its urls.py, in full (`signatures/`, `console/…`)."""

from importlib.util import find_spec

from django.urls import include, path

ROOMS = ("web", "accounts", "billing", "content", "carriers", "campaigns", "messaging", "stats")

urlpatterns = [
    path("", include(f"yunxin.{room}.urls")) for room in ROOMS if find_spec(f"yunxin.{room}.urls")
]
