"""SMGP 3.0 and 1.3, both sides: codec, session, reports, status codes.

China Telecom's protocol. `session.SmgpSession` is what a program talks to; `auth` holds the
log-in's digests; `pdus` is the table of all PDUs; `precut` holds the fast way to a submit; `ids`
are the gateways' message ids. Source for all field tables: China Telecom, SMGP V3.0.3 (CT/T SN RC1
2008-08).
"""
