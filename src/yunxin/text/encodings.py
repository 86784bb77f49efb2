"""What a text that somebody uploaded is written in: UTF-8 or GB18030."""

import codecs


class EncodingProbe:
    """Finds out whether a text is UTF-8 or GB18030 by reading all of it.

    A text that is neither throughout is taken for the one that holds longer; the lines that
    cannot be read are then refused one by one.
    """

    def __init__(self) -> None:
        self._decoders = {
            name: codecs.getincrementaldecoder(name)() for name in ("utf-8", "gb18030")
        }
        self._held_bytes = dict.fromkeys(self._decoders, 0)
        self._running = dict(self._decoders)

    def feed(self, data: bytes) -> None:
        """Take the next bytes; once only one encoding is left nothing is decoded any more."""
        if len(self._running) == 1:
            return
        for name, decoder in list(self._running.items()):
            try:
                decoder.decode(data)
            except UnicodeDecodeError as error:
                self._held_bytes[name] += error.start
                del self._running[name]
            else:
                self._held_bytes[name] += len(data)

    def encoding(self) -> str:
        """`utf-8` or `gb18030`."""
        if "utf-8" in self._running:
            return "utf-8"
        if "gb18030" in self._running:
            return "gb18030"
        return max(self._held_bytes, key=lambda name: self._held_bytes[name])
