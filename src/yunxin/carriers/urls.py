"""Addresses of channels, number ranges, blacklist and forbidden words."""

from django.urls import path

from yunxin.carriers import (
    console,
    console_codes,
    console_imports,
    console_places,
    console_ported,
    console_routes,
    console_tries,
    portal,
)

app_name = "carriers"

_CHANNEL = "console/channels/<int:channel_id>/"
_CODE = "console/codes/<int:row_id>/"
_FILE = "console/<str:table>/files/<int:run_id>/"
_PREFIX = "console/numbers/<str:prefix>/"

portal_urls = [
    path("sms/unsubscribes/", portal.unsubscribes, name="unsubscribes"),
]
console_urls = [
    path("console/channels/", console.channel_list, name="console_channels"),
    path("console/channels/new/", console.new_channel, name="console_new_channel"),
    path("console/channels/new/<str:protocol>/", console.new_account, name="console_new_account"),
    path(_CHANNEL, console.channel, name="console_channel"),
    path(_CHANNEL + "edit/", console.edit_channel, name="console_edit_channel"),
    path(_CHANNEL + "start/", console.start_channel, name="console_start_channel"),
    path(_CHANNEL + "drain/", console.drain_channel, name="console_drain_channel"),
    path(_CHANNEL + "try/", console_tries.try_channel, name="console_try_channel"),
    path(
        _CHANNEL + "tries/<int:try_id>/",
        console_tries.channel_try,
        name="console_channel_try",
    ),
    path(_CHANNEL + "stop/", console.stop_channel, name="console_stop_channel"),
    path("console/routes/", console_routes.routing, name="console_routes"),
    path("console/ported/", console_ported.ported_numbers, name="console_ported"),
    path("console/ported/new/", console_ported.new_ported, name="console_new_ported"),
    path("console/ported/learning/", console_ported.porting_rules, name="console_porting"),
    path(
        "console/ported/learning/switch/",
        console_ported.switch_learning,
        name="console_switch_learning",
    ),
    path("console/ported/learning/new/", console_ported.new_rule, name="console_new_rule"),
    path(
        "console/ported/learning/<int:rule_id>/remove/",
        console_ported.remove_rule,
        name="console_remove_rule",
    ),
    path("console/places/", console_places.number_places, name="console_places"),
    path(
        "console/<str:table>/files/upload/",
        console_imports.upload,
        name="console_number_upload",
    ),
    path(_FILE, console_imports.number_import, name="console_number_import"),
    path(_FILE + "piece/", console_imports.piece, name="console_number_piece"),
    path(_FILE + "refused.csv", console_imports.refused_numbers, name="console_number_refused"),
    path(
        "console/ported/<str:phone>/remove/",
        console_ported.remove_ported,
        name="console_remove_ported",
    ),
    path("console/numbers/", console.number_ranges, name="console_numbers"),
    path("console/numbers/new/", console.new_prefix, name="console_new_prefix"),
    path(_PREFIX + "remove/", console.remove_prefix, name="console_remove_prefix"),
    path("console/codes/", console_codes.carrier_codes, name="console_codes"),
    path("console/codes/unknown/", console_codes.unknown_codes, name="console_unknown_codes"),
    path("console/codes/new/", console_codes.new_code, name="console_new_code"),
    path(_CODE + "edit/", console_codes.edit_code, name="console_edit_code"),
    path(_CODE + "remove/", console_codes.remove_code, name="console_remove_code"),
    path("console/blacklist/", console.blacklist, name="console_blacklist"),
    path("console/blacklist/new/", console.block, name="console_block"),
    path("console/blacklist/<int:entry_id>/remove/", console.unblock, name="console_unblock"),
    path("console/words/", console.forbidden_words, name="console_words"),
    path("console/words/try/", console.try_text, name="console_try_text"),
    path("console/words/new/", console.new_words, name="console_new_words"),
    path("console/words/<int:word_id>/remove/", console.remove_word, name="console_remove_word"),
]
urlpatterns = [*portal_urls, *console_urls]
