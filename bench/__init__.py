"""Benchmark programs: `scripts/bench NAME`. What they start is in `stack`."""
