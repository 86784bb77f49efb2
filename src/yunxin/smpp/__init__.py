"""The SMPP server: enterprises' systems bind to it as to any carrier's gateway (SMPP 3.4).

Stands on `engine` (the same `accept` as the API) and `protocols`, as `api` does. Begin with
`server`, which lets sessions in; `conversation` is one of them. `reading` makes a submit_sm into
what is to be accepted, `intake` has it accepted, `deliveries` brings receipts and replies.
"""
