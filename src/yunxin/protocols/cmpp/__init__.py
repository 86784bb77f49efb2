"""CMPP 2.0 and 3.0, both sides: codec, session, log-in, reports, result codes.

`session.CmppSession` is what a program talks to; `pdus` is the table of all PDUs, for both versions
at once; `precut` holds the fast way to a SUBMIT; `auth` the digests of the log-in; `ids` the
message ids. Source for all field tables: China Mobile Point to Point, QB-GF-028-2003 (V3.0); for
2.0, where it differs, what implementations agree on.
"""
