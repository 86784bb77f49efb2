"""Message records: what the engine did, shown to people.

Imports `campaigns` and below. Begin with `models`.
"""
