"""Addresses of the home pages, of the sending records and of the replies."""

from django.urls import path

from yunxin.messaging import console, portal

app_name = "messaging"

portal_urls = [
    path("", portal.home, name="home"),
    path("statistics/records/", portal.records, name="records"),
    path("statistics/records/export/", portal.records_export, name="records_export"),
    path("statistics/records/<int:message_id>/", portal.record, name="record"),
    path("statistics/replies/", portal.replies, name="replies"),
    path("statistics/replies/export/", portal.replies_export, name="replies_export"),
]
console_urls = [
    path("console/", console.home, name="console_home"),
    path("console/records/", console.records, name="console_records"),
    path(
        "console/records/<int:enterprise_id>/<int:message_id>/",
        console.record,
        name="console_record",
    ),
    path("console/receipts/", console.receipts, name="console_receipts"),
]
urlpatterns = [*portal_urls, *console_urls]
