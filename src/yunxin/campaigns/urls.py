"""Addresses of 群发助手."""

from django.urls import path

from yunxin.campaigns import portal, portal_picker, portal_recipients, portal_steps, portal_uploads

app_name = "campaigns"

urlpatterns = [
    path("sms/campaigns/", portal.campaigns, name="campaigns"),
    path("sms/campaigns/new/", portal_steps.new, name="new"),
    path("sms/campaigns/preview/", portal_steps.preview, name="preview"),
    path("sms/campaigns/sample/<int:pk>/", portal.sample, name="sample"),
    path("sms/campaigns/<int:pk>/", portal.campaign, name="campaign"),
    path("sms/campaigns/<int:pk>/content/", portal_steps.content, name="content"),
    path("sms/campaigns/<int:pk>/recipients/", portal_recipients.recipients, name="recipients"),
    path(
        "sms/campaigns/<int:pk>/recipients/first/",
        portal_recipients.first_messages,
        name="first_messages",
    ),
    path(
        "sms/campaigns/<int:pk>/recipients/again/", portal_recipients.read_again, name="read_again"
    ),
    path("sms/campaigns/<int:pk>/recipients/contacts/", portal_picker.pick, name="pick"),
    path("sms/campaigns/<int:pk>/recipients/status/", portal_steps.status, name="status"),
    path("sms/campaigns/<int:pk>/recipients/refused.csv", portal.refused, name="refused"),
    path("sms/campaigns/<int:pk>/upload/", portal_uploads.begin, name="upload"),
    path("sms/campaigns/<int:pk>/upload/<int:file_pk>/", portal_uploads.piece, name="piece"),
    path("sms/campaigns/<int:pk>/time/", portal_steps.time, name="time"),
    path("sms/campaigns/<int:pk>/confirm/", portal_steps.confirm, name="confirm"),
    path("sms/campaigns/<int:pk>/change/", portal.change, name="change"),
    path("sms/campaigns/<int:pk>/pause/", portal.pause, name="pause"),
    path("sms/campaigns/<int:pk>/resume/", portal.resume, name="resume"),
    path("sms/campaigns/<int:pk>/terminate/", portal.terminate, name="terminate"),
    path("sms/campaigns/<int:pk>/delete/", portal.delete, name="delete"),
    path("sms/campaigns/<int:pk>/copy/", portal.copy, name="copy"),
    path("sms/campaigns/<int:pk>/outcomes.csv", portal.outcomes, name="outcomes"),
]
