"""Which files of npm packages browsers may get, and under which names.

Nothing of node_modules is served but what is named here. To add a file, add a line; templates
then say `{% static "vendor/…" %}`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

SERVED = {
    "vendor/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/alpine.min.js": "@alpinejs/csp/dist/cdn.min.js",
    "vendor/flatpickr.min.css": "flatpickr/dist/flatpickr.min.css",
    "vendor/flatpickr.min.js": "flatpickr/dist/flatpickr.min.js",
    "vendor/flatpickr-zh.js": "flatpickr/dist/l10n/zh.js",
    "vendor/echarts.min.js": "echarts/dist/echarts.min.js",
}
"""Name under /static/ → file in node_modules."""


class _NodeModules(FileSystemStorage):
    """Opens the served names in node_modules."""

    def __init__(self) -> None:
        super().__init__(location=settings.BASE_DIR / "node_modules")

    def path(self, name: str) -> str:
        return super().path(SERVED[name])


class NodeModulesFinder(BaseFinder):
    """The allow-list as a staticfiles finder: it finds what SERVED names and nothing else."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self.storage = _NodeModules()

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        found = [self.storage.path(path)] if path in SERVED else []
        if find_all:
            return found
        return found[0] if found and Path(found[0]).exists() else None

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        for name in SERVED:
            yield name, self.storage


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Hashed, compressed files; source maps are not served, so their links are left alone."""

    patterns = tuple(
        (extension, tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
        for extension, rules in CompressedManifestStaticFilesStorage.patterns
    )
