"""What every page's template knows: brand, face, menu and where in it we are."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from yunxin.web import menus


class Shell:
    """The frame around a page; made for every request, worked out only when a template asks."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    brand = settings.CONFIG.brand
    service_phone = settings.CONFIG.service_phone
    service_email = settings.CONFIG.service_email
    is_demo = settings.CONFIG.demo
    simulator_url = settings.CONFIG.simulator_url
    languages = settings.LANGUAGES

    @cached_property
    def role(self) -> str:
        return getattr(self._request.user, "role", "")

    @property
    def is_console(self) -> bool:
        return self.role == "operator"

    @cached_property
    def sections(self) -> list[menus.Section]:
        entries = menus.CONSOLE if self.is_console else menus.PORTAL
        return menus.build(entries, self.role, self._request.path)

    @cached_property
    def section(self) -> menus.Section | None:
        return next((section for section in self.sections if section.is_current), None)

    @property
    def page(self) -> menus.Page | None:
        return self.section.current if self.section else None

    @property
    def is_subpage(self) -> bool:
        """Below a page of the menu: it has breadcrumbs instead of tabs."""
        return self.page is not None and self.page.url != self._request.path


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template context: `shell`."""
    return {"shell": Shell(request)}
