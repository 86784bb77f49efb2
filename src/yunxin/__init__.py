"""Yunxin (融合云信): self-hosted messaging for Chinese mobiles.

Start reading at docs/message.md.
"""
