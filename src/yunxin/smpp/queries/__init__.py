"""The SMPP server's queries, beside the engine's; every one is a name, a sentence and SQL."""

from pathlib import Path

FOLDER = Path(__file__).parent
