"""Addresses of the address book."""

from django.urls import path

from yunxin.contacts import portal, portal_bulk, portal_groups, portal_selection, transfer_urls

app_name = "contacts"

urlpatterns = [
    path("contacts/", portal.contacts, name="contacts"),
    path("contacts/new/", portal.new_contact, name="new_contact"),
    path("contacts/<int:contact_id>/", portal.edit_contact, name="edit_contact"),
    path("contacts/<int:contact_id>/delete/", portal.delete_contact, name="delete_contact"),
    path("contacts/chosen/delete/", portal_selection.delete, name="delete_chosen"),
    path("contacts/chosen/join/", portal_selection.join, name="join_chosen"),
    path("contacts/chosen/leave/", portal_selection.leave, name="leave_chosen"),
    path("contacts/changes/<int:pk>/", portal_bulk.change, name="change"),
    path("contacts/groups/new/", portal_groups.new_group, name="new_group"),
    path("contacts/groups/<int:group_id>/new/", portal_groups.new_group, name="new_subgroup"),
    path("contacts/groups/<int:group_id>/rename/", portal_groups.rename, name="rename_group"),
    path("contacts/groups/<int:group_id>/delete/", portal_groups.delete, name="delete_group"),
    *transfer_urls.urlpatterns,
]
