"""What an enterprise's systems connect with (技术支持): credentials, addresses, pushes, their log.

Imports `accounts` and below. Begin with `models`, which draws how a push lives.
"""
