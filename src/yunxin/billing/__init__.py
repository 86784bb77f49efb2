"""Prepaid packages and their ledger. Imports `accounts` and below. Begin with `models`."""
