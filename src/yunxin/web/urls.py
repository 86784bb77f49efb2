"""Addresses of the shell."""

from django.urls import path

from yunxin.web import uploads, views

app_name = "web"

urlpatterns = [
    path("language/", views.switch_language, name="language"),
    path("files/<int:file_id>/", uploads.download, name="file"),
]
