"""Addresses of the shell."""

from django.urls import path

from yunxin.web import views

app_name = "web"

urlpatterns = [path("language/", views.switch_language, name="language")]
