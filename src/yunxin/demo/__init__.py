"""Demo data that shows the platform with a history: for `yunxin up`, never for production.

May import every room of the Django half; nothing imports it. Begin with `load`.
"""
