"""Browsers get the files of npm packages that are named, and nothing else."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from yunxin.web.finders import SERVED, HashedStorage, NodeModulesFinder


@pytest.mark.parametrize("name", SERVED)
def test_every_named_file_is_there(name):
    found = finders.find(name)
    assert found is not None, f"{name}: run npm ci, or mend the allow-list"
    assert Path(found).is_file()


@pytest.mark.parametrize(
    "name",
    ["package.json", "vendor/../package.json", "@tabler/core/package.json", "vendor/", ""],
)
def test_nothing_else_of_node_modules_is_found(name):
    finder = NodeModulesFinder()
    assert not finder.find(name)
    assert finder.find(name, find_all=True) == []


def test_source_maps_are_not_looked_for():
    assert "sourceMappingURL" not in str(HashedStorage.patterns)
    assert "url" in str(HashedStorage.patterns), "what a stylesheet refers to still gets its hash"
