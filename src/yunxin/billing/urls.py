"""Addresses of packages."""

from django.urls import path

from yunxin.billing import console, portal

app_name = "billing"

urlpatterns = [
    path("account/packages/", portal.packages, name="packages"),
    path("console/packages/", console.packages, name="console_packages"),
    path("console/packages/grant/", console.grant, name="console_grant"),
    path("console/packages/<int:package_id>/adjust/", console.adjust, name="console_adjust"),
    path("console/ledger/", console.ledger, name="console_ledger"),
]
