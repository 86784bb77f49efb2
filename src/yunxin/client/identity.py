"""How a request proves who sends it: by the key itself, or by a signature made with it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from yunxin.dialects import keys, signing


@dataclass(frozen=True, slots=True)
class Identity:
    """A key of v1 and the way it is used. The key shows in no repr.

    Signed requests do not carry the key, so whoever reads one on its way learns nothing; each is
    good once and for five minutes.
    """

    key: str = field(repr=False)
    signs: bool = False

    def __post_init__(self) -> None:
        if keys.key_id_of(self.key) is None:
            raise ValueError(f"A key of the interface begins with {keys.PREFIX}; copy all of it.")

    def headers(
        self, method: str, path: str, query: str, body: bytes, *, now: Callable[[], float]
    ) -> dict[str, str]:
        """What proves one try of a request; every try needs headers of its own.

        Args:
            path: decoded, without the query.
            query: as it is sent, without the question mark.
        """
        if not self.signs:
            return {"Authorization": f"Bearer {self.key}"}
        timestamp, nonce = str(int(now())), secrets.token_hex(16)
        key_id = keys.key_id_of(self.key)
        assert key_id is not None
        return {
            signing.KEY_HEADER: key_id,
            signing.TIMESTAMP_HEADER: timestamp,
            signing.NONCE_HEADER: nonce,
            signing.SIGNATURE_HEADER: signing.sign(
                keys.signing_key(self.key), method, path, query, timestamp, nonce, body
            ),
        }
