"""Signatures, templates, the ready-made library and their review.

Imports `accounts` and below. Begin with `models`.
"""
