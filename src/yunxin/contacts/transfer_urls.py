"""Addresses of imports and exports; `urls` has them."""

from django.urls import path

from yunxin.contacts import portal_exports, portal_imports

urlpatterns = [
    path("contacts/imports/", portal_imports.runs, name="imports"),
    path("contacts/imports/new/", portal_imports.new, name="import"),
    path("contacts/imports/template.<slug:form>", portal_imports.template, name="template"),
    path("contacts/imports/upload/", portal_imports.upload, name="import_upload"),
    path("contacts/imports/<int:pk>/", portal_imports.run, name="import_run"),
    path("contacts/imports/<int:pk>/upload/", portal_imports.piece, name="import_piece"),
    path("contacts/imports/<int:pk>/refused.csv", portal_imports.refused, name="import_refused"),
    path("contacts/exports/", portal_exports.runs, name="exports"),
    path("contacts/exports/new/", portal_exports.new, name="export"),
    path("contacts/exports/<int:pk>/download/", portal_exports.download, name="export_download"),
]
