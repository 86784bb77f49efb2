"""Channels, number prefixes, blacklists and forbidden words.

Imports `accounts` and below. Begin with `models`.
"""
