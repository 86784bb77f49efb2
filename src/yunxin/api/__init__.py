"""The HTTP API in its dialects: checks who asks, hands to `engine.accept`, answers.

Imports `engine` and below. Begin with `app`.
"""
