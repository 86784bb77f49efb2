"""The simulated carrier's doors, one file a protocol: how its gateway reads, answers, delivers.

`base.Gateway` says what `carrier` asks of each; `smpp` is the one to copy for another, `sgip` where
the carrier connects to its clients.
"""
