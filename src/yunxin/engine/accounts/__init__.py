"""What a link must know of its channel's protocol: one small file each, and one shape for all.

Begin with `base.py`; `choose.py` says which channel speaks what. May import `engine/channel`,
`engine/wire` and `protocols`; a link sees nothing but `base.Account`.
"""
