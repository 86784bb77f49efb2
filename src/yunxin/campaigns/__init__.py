"""Bulk tasks (群发助手): their life and their audience.

Imports level 2 and below. Begin with `models`.
"""
