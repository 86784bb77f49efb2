"""Pure facts about texts and numbers: alphabets, segments, phones, placeholders, words.

Imports nothing of the project but `vocabulary`; no Django, no I/O. Begin with `segments`.
"""
