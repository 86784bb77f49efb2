"""A data folder adds its database and its key; what the environment says goes first."""

import stat

from yunxin.config import Config
from yunxin.deployment import complete, keep_secret_key


def test_a_key_is_made_once_and_kept(tmp_path):
    key = keep_secret_key(tmp_path)
    assert len(key) >= 50
    assert keep_secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_two_folders_have_different_keys(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert keep_secret_key(tmp_path / "a") != keep_secret_key(tmp_path / "b")


def test_the_folders_key_is_used_where_the_environment_has_none(tmp_path):
    key = keep_secret_key(tmp_path)
    assert complete(Config(data=tmp_path)).secret_key == key
    assert complete(Config(data=tmp_path, secret_key="given")).secret_key == "given"


def test_a_folder_without_a_running_database_adds_none(tmp_path):
    assert complete(Config(data=tmp_path)).database_url == ""
    assert complete(Config(data=tmp_path / "none")) == Config(data=tmp_path / "none")


def test_a_database_that_is_given_is_kept(tmp_path):
    config = Config(data=tmp_path, database_url="postgresql://given/one")
    assert complete(config).database_url == "postgresql://given/one"
