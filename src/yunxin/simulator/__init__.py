"""A carrier that is not one: it takes messages over real SMPP and plays the phones behind it.

For demos, tests and benchmarks. May import `config`, `text` and `protocols`; knows no database.
Begin reading with `carrier`; `behaviour` says what it does to whom, `ledger` what it got, `inbox`
shows the phones. `docs/simulator.md` is the page for its users.

    async with Carrier(Behaviour(), [Account("demo", "secret")], port=0) as carrier:
        carrier.port, carrier.counts(), await carrier.reply("13800138000", "TD")
"""
