"""Who pays for a message: the package that ends first of those with enough left for it.

Packages are locked for the rest of the transaction, so what `take` gives out is there when
`charge` writes it; the table's CHECK is the last word.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from yunxin.engine.store import Row, Transaction


class Purse:
    """The locked packages of a batch's enterprises, and what is to be taken from each."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Args: rows: package id, enterprise id, segments left, valid to."""
        self._left: dict[int, int] = {}
        self._of: dict[int, list[int]] = {}
        self._charges: Counter[int] = Counter()
        for package_id, enterprise_id, left, _ in sorted(rows, key=lambda row: (row[3], row[0])):
            self._left[package_id] = left
            self._of.setdefault(enterprise_id, []).append(package_id)

    @classmethod
    async def lock(cls, tx: Transaction, enterprise_ids: Iterable[int], now: datetime) -> "Purse":
        """Lock the packages that these enterprises can pay with at this moment."""
        params = {"enterprise_ids": list(enterprise_ids), "now": now}
        return cls(await tx.fetch("lock_packages", params))

    def take(self, enterprise_id: int, segments: int) -> int | None:
        """The package that ends first of those with enough left; None if there is none."""
        for package_id in self._of.get(enterprise_id, ()):
            if self._left[package_id] >= segments:
                self._left[package_id] -= segments
                self._charges[package_id] += segments
                return package_id
        return None

    async def charge(self, tx: Transaction) -> None:
        """Write what was taken."""
        package_ids = sorted(self._charges)
        segments = [self._charges[id] for id in package_ids]
        charged = await tx.execute("pay", {"package_ids": package_ids, "segments": segments})
        if charged != len(package_ids):  # they are locked: only a mistake of ours gets here
            raise RuntimeError("a package had less than was taken from it")
