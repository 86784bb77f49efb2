"""Every address of the pages, read from the URL resolver, so that a new page is seen by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse


@dataclass(frozen=True)
class Address:
    """One entry of some room's urls.py."""

    name: str  # as `reverse` takes it, such as `content:signature`
    route: str  # such as `sms/signatures/<int:signature_id>/`
    parameters: tuple[str, ...]

    def __str__(self) -> str:
        return self.name

    @property
    def room(self) -> str:
        return self.name.partition(":")[0]

    @property
    def is_console(self) -> bool:
        return self.route.startswith("console/")

    def path(self, **values: Any) -> str:
        return reverse(self.name, kwargs=values)


def every_address() -> list[Address]:
    """All of them, in the order in which Django looks."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, prefix: str, room: str) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, route, entry.namespace or room)
            continue
        assert isinstance(entry, URLPattern)
        assert entry.name, f"/{route} has no name, so that no page can lead to it"
        name = f"{room}:{entry.name}" if room else entry.name
        yield Address(name, route, tuple(entry.pattern.converters))
