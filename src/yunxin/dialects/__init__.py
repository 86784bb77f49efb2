"""The HTTP interfaces as the wire sees them: fields, codes, signatures, formats. No I/O.

Imports `vocabulary` only; `api`, `engine.push`, the pages of 技术支持 and `client` share it. Begin
with `ronghe`, the dialect of the commercial product, then `v1`.
"""
