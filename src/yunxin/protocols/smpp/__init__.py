"""SMPP 3.4, both sides: codec, session, receipts, status codes.

`session.SmppSession` is what a program talks to; `pdus` is the table of all PDUs; `precut` holds
the fast way to a `submit_sm`. Source for all field tables: SMPP v3.4 Issue 1.2.
"""
