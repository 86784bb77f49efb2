"""All addresses: each room says its own in its urls.py, in full (`signatures/`, `console/…`)."""

from django.urls import include, path

ROOMS = (
    "web", "accounts", "billing", "content", "contacts", "carriers", "interfaces", "campaigns",
    "messaging",
)  # fmt: skip

urlpatterns = [path("", include(f"yunxin.{room}.urls")) for room in ROOMS]
