"""The engine moves messages: from acceptance to the carrier, and from the receipt to the books.

asyncio, no Django; the database is the seam to the rooms that people use, and `store` the only
door to it. May import `config`, `vocabulary`, `text` and `protocols`. Begin reading with `accept`,
the one way in; the tables are drawn in messaging/models.py, and docs/message.md follows one
message through every file.
"""
