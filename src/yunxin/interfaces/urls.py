"""Addresses of the interfaces' pages (技术支持) and of their reviews."""

from django.urls import path

from yunxin.interfaces import console, portal

app_name = "interfaces"

portal_urls = [
    path("support/keys/", portal.keys, name="keys"),
    path("support/keys/new/", portal.new_key, name="key_new"),
    path("support/keys/access-key/", portal.new_access_key, name="access_key_new"),
    path("support/keys/<int:credential_id>/rotate/", portal.rotate_key, name="key_rotate"),
    path("support/keys/<int:credential_id>/disable/", portal.disable_key, name="key_disable"),
    path("support/networks/", portal.network_list, name="networks"),
    path("support/networks/new/", portal.new_network, name="network_new"),
    path(
        "support/networks/<int:network_id>/withdraw/",
        portal.withdraw_network,
        name="network_withdraw",
    ),
]
console_urls = [
    path("console/reviews/networks/", console.network_list, name="console_networks"),
    path(
        "console/reviews/networks/<int:network_id>/",
        console.review_network,
        name="console_network",
    ),
    path(
        "console/enterprises/<int:enterprise_id>/interfaces/",
        console.enterprise_interfaces,
        name="console_enterprise",
    ),
    path(
        "console/enterprises/<int:enterprise_id>/interfaces/limits/",
        console.edit_limits,
        name="console_limits",
    ),
    path(
        "console/enterprises/keys/<int:credential_id>/disable/",
        console.disable_key,
        name="console_key_disable",
    ),
]
urlpatterns = [*portal_urls, *console_urls]
