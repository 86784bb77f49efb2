"""The address book (通讯录): contacts, their groups and counts.

Imports `accounts` and below. Begin with `models`; everything that changes it are the functions of
`migrations/contact_tables.sql`, which the API calls as well.
"""
