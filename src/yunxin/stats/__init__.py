"""Statistics: reports read from the daily counts, and their exports. Begin with `reports`."""
