"""Every generated page by its file name in docs/reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tools.reference.settings_page import settings_page
from tools.reference.topics_page import topics_page

PAGES: Mapping[str, Callable[[], str]] = {"settings.md": settings_page, "topics.md": topics_page}
