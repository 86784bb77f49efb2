"""What a data folder adds to the environment: its own database and its secret key.

`yunxin up` keeps both in the folder; `yunxin manage` and `yunxin doctor` find them there, so that
a person need not repeat them. What the environment says always goes first.
"""

import os
import secrets
from dataclasses import replace
from pathlib import Path

from yunxin import embedded
from yunxin.config import Config

SECRET_BYTES = 48


def complete(config: Config) -> Config:
    """The config with the folder's running database and its key, where the environment has none."""
    server = embedded.Server(config.data.absolute())
    if not config.database_url and server.folder.exists() and server.pid() is not None:
        config = replace(config, database_url=server.url)
    key = config.data / "secret_key"
    if not config.secret_key and key.exists():
        config = replace(config, secret_key=key.read_text().strip())
    return config


def keep_secret_key(folder: Path) -> str:
    """The folder's secret key, made at the first call; only the owner can read it."""
    path = folder / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    key = secrets.token_urlsafe(SECRET_BYTES)
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")
    return key
