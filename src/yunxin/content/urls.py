"""Addresses of signatures, templates, the library and their reviews."""

from django.urls import path

from yunxin.content import console, console_extensions, portal

app_name = "content"

urlpatterns = [
    path("sms/signatures/", portal.signatures_page, name="signatures"),
    path("sms/signatures/new/", portal.new_signature, name="signature_new"),
    path("sms/signatures/<int:signature_id>/", portal.signature_page, name="signature"),
    path("sms/signatures/<int:signature_id>/again/", portal.again, name="signature_again"),
    path("sms/signatures/<int:signature_id>/cancel/", portal.cancel, name="signature_cancel"),
    path("sms/templates/", portal.templates_page, name="templates"),
    path("sms/templates/new/", portal.new_template, name="template_new"),
    path("sms/templates/preview/", portal.template_preview, name="template_preview"),
    path("sms/templates/library/", portal.library_page, name="library"),
    path("sms/templates/library/<int:row_id>/", portal.from_library, name="from_library"),
    path("sms/templates/<int:template_id>/", portal.template_page, name="template"),
    path("sms/templates/<int:template_id>/edit/", portal.edit_template, name="template_edit"),
    path("sms/templates/<int:template_id>/delete/", portal.delete, name="template_delete"),
    path("console/reviews/signatures/", console.signatures_page, name="console_signatures"),
    path(
        "console/reviews/signatures/<int:signature_id>/",
        console.review_signature,
        name="console_signature",
    ),
    path(
        "console/enterprises/<int:enterprise_id>/numbers/",
        console_extensions.numbers,
        name="console_numbers",
    ),
    path(
        "console/enterprises/signatures/<int:signature_id>/extension/",
        console_extensions.assign_extension,
        name="console_extension",
    ),
    path("console/reviews/templates/", console.templates_page, name="console_templates"),
    path(
        "console/reviews/templates/<int:template_id>/",
        console.review_template,
        name="console_template",
    ),
    path("console/library/", console.library_page, name="console_library"),
    path("console/library/new/", console.new_library_template, name="console_library_new"),
    path("console/library/preview/", console.library_preview, name="console_library_preview"),
    path(
        "console/library/<int:row_id>/", console.edit_library_template, name="console_library_edit"
    ),
    path("console/library/<int:row_id>/switch/", console.switch, name="console_library_switch"),
    path("console/library/<int:row_id>/move/", console.move_template, name="console_library_move"),
    path("console/reasons/", console.reasons_page, name="console_reasons"),
    path("console/reasons/new/", console.new_reason, name="console_reason_new"),
    path("console/reasons/<int:reason_id>/", console.edit_reason, name="console_reason_edit"),
    path("console/reasons/<int:reason_id>/move/", console.move_reason, name="console_reason_move"),
    path(
        "console/reasons/<int:reason_id>/delete/",
        console.delete_reason,
        name="console_reason_delete",
    ),
]
