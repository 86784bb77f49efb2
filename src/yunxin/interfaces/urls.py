"""Addresses of the interfaces' pages (技术支持) and of their reviews."""

from django.urls import path

from yunxin.interfaces import (
    console,
    console_smpp,
    document,
    portal,
    portal_pushes,
    portal_smpp,
)
from yunxin.vocabulary import PushKind

app_name = "interfaces"

portal_urls = [
    path("interface/document/", document.document, name="document"),
    path("interface/document/file/", document.document_file, name="document_file"),
    path("support/keys/", portal.keys, name="keys"),
    path("support/keys/new/", portal.new_key, name="key_new"),
    path("support/keys/access-key/", portal.new_access_key, name="access_key_new"),
    path("support/keys/shown/<str:ticket>/", portal.key_shown, name="key_shown"),
    path("support/keys/<int:credential_id>/rotate/", portal.rotate_key, name="key_rotate"),
    path("support/keys/<int:credential_id>/disable/", portal.disable_key, name="key_disable"),
    path("support/networks/", portal.network_list, name="networks"),
    path("support/networks/new/", portal.new_network, name="network_new"),
    path(
        "support/networks/<int:network_id>/withdraw/",
        portal.withdraw_network,
        name="network_withdraw",
    ),
    path("support/keys/signature/", portal_pushes.check_signature, name="signature_check"),
    path("support/pushes/", portal_pushes.pushes, name="pushes"),
    path(
        "support/pushes/receipts/",
        portal_pushes.edit_target,
        {"kind": PushKind.RECEIPTS},
        name="target_receipts",
    ),
    path(
        "support/pushes/replies/",
        portal_pushes.edit_target,
        {"kind": PushKind.REPLIES},
        name="target_replies",
    ),
    path("support/pushes/shown/<str:ticket>/", portal_pushes.secret_shown, name="secret_shown"),
    path(
        "support/pushes/<int:target_id>/secret/", portal_pushes.renew_secret, name="target_secret"
    ),
    path("support/pushes/<int:target_id>/test/", portal_pushes.test_target, name="target_test"),
    path("support/log/", portal_pushes.push_list, name="push_log"),
    path("support/log/again/", portal_pushes.replay_range, name="push_range"),
    path("support/log/wishes/<int:wish_id>/", portal_pushes.push_wish, name="push_wish"),
    path("support/log/<int:batch_id>/", portal_pushes.push, name="push"),
    path("support/log/<int:batch_id>/again/", portal_pushes.replay, name="push_replay"),
    path("support/smpp/", portal_smpp.accounts, name="smpp"),
    path("support/smpp/<int:account_id>/", portal_smpp.account, name="smpp_account"),
    path(
        "support/smpp/<int:account_id>/networks/new/",
        portal_smpp.new_network,
        name="smpp_network_new",
    ),
    path(
        "support/smpp/<int:account_id>/password/",
        portal_smpp.renew_password,
        name="smpp_password",
    ),
    path("support/smpp/shown/<str:ticket>/", portal_smpp.password_shown, name="smpp_shown"),
]
console_urls = [
    path("console/reviews/networks/", console.network_list, name="console_networks"),
    path(
        "console/reviews/networks/<int:network_id>/",
        console.review_network,
        name="console_network",
    ),
    path(
        "console/reviews/networks/<int:network_id>/withdraw/",
        console.withdraw_network,
        name="console_network_withdraw",
    ),
    path(
        "console/enterprises/<int:enterprise_id>/interfaces/",
        console.enterprise_interfaces,
        name="console_enterprise",
    ),
    path(
        "console/enterprises/<int:enterprise_id>/interfaces/pushes/",
        console.push_list,
        name="console_push_log",
    ),
    path(
        "console/enterprises/<int:enterprise_id>/interfaces/pushes/<int:batch_id>/",
        console.push,
        name="console_push",
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
    path(
        "console/enterprises/<int:enterprise_id>/interfaces/smpp/",
        console_smpp.new_account,
        name="console_smpp_new",
    ),
    path("console/smpp/", console_smpp.accounts, name="console_smpp"),
    path("console/smpp/<int:account_id>/", console_smpp.account, name="console_smpp_account"),
    path(
        "console/smpp/<int:account_id>/edit/",
        console_smpp.edit_account,
        name="console_smpp_edit",
    ),
    path(
        "console/smpp/<int:account_id>/password/",
        console_smpp.renew_password,
        name="console_smpp_password",
    ),
    path(
        "console/smpp/<int:account_id>/disable/",
        console_smpp.disable_account,
        name="console_smpp_disable",
    ),
    path(
        "console/smpp/<int:account_id>/enable/",
        console_smpp.enable_account,
        name="console_smpp_enable",
    ),
    path(
        "console/smpp/<int:account_id>/sessions/<int:session_id>/close/",
        console_smpp.close_session,
        name="console_smpp_close",
    ),
    path(
        "console/smpp/shown/<str:ticket>/",
        console_smpp.password_shown,
        name="console_smpp_shown",
    ),
]
urlpatterns = [*portal_urls, *console_urls]
