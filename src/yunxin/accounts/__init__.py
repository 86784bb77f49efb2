"""Enterprises, their users, sign-in, notices and the audit log.

Imports `web` only. Begin with `models`.
"""
