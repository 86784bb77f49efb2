"""What the API has the pages' half do for it: applications for signatures and templates.

The API leaves a row and a job; a task here calls the functions of `content` and writes what became
of it into the row. Begin with `models`, then `work`.
"""
