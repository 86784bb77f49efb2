"""SGIP 1.2, both sides of both connections: codec, session, reports, result codes.

China Unicom's protocol needs two connections in opposite directions: we log in to the carrier to
submit, the carrier logs in to us to deliver. `session.SgipSession` is either end of either;
`listener` is the port for the carriers; `numbers` makes the sequence numbers, which are the
message ids too; `pdus` is the table of all PDUs; `precut` holds the fast way to a submit. Source
for all field tables: China Unicom, SMS gateway interface protocol SGIP 1.2.
"""
