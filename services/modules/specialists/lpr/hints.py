"""Words around a plate that tell where it is from."""

from __future__ import annotations

import re
from collections.abc import Iterable

_STATES = """
ALABAMA ALASKA ARIZONA ARKANSAS COLORADO CONNECTICUT DELAWARE FLORIDA GEORGIA HAWAII IDAHO ILLINOIS INDIANA IOWA
KANSAS KENTUCKY LOUISIANA MAINE MARYLAND MASSACHUSETTS MICHIGAN MINNESOTA MISSISSIPPI MISSOURI MONTANA NEBRASKA NEVADA
HAMPSHIRE JERSEY OHIO OKLAHOMA OREGON PENNSYLVANIA CAROLINA DAKOTA TENNESSEE TEXAS UTAH VERMONT VIRGINIA WASHINGTON
WISCONSIN WYOMING
"""
_NAMED = {
    **dict.fromkeys(_STATES.split(), "US"),
    "CALIFORNIA": "US-CA",
    "BRASIL": "BR",
    "BRAZIL": "BR",
    "BENIN": "BJ",
    "RUS": "RU",
    "FRANCE": "FR",
    "ARGENTINA": "AR",
}
# A Brazilian plate says above its characters where it is from: BA-SALVADOR.
_BRAZILIAN = re.compile(r"^[A-Z]{2}\s?[-–]\s?[A-ZÃÕÇÁÉÍÓÚÂÊÔ. ]{4,}$")
_STRIP = frozenset({"D", "F", "I", "E", "NL", "B", "PL", "P", "GB", "UK", "CH", "SK", "CZ", "A", "H", "RO", "BG", "HR"})
_STRIP_OF = {"D": "DE", "F": "FR", "I": "IT", "E": "ES", "B": "BE", "P": "PT", "UK": "GB", "A": "AT", "H": "HU"}


def hints_of(texts: Iterable[str]) -> frozenset[str]:
    """The regions (`regions.Region.code`, or the part after EU-) that lines of text near a plate speak for."""
    found: set[str] = set()
    for text in texts:
        plain = text.strip().upper()
        found |= {_NAMED[word] for word in re.findall(r"[A-Z]+", plain) if word in _NAMED}
        if _BRAZILIAN.match(plain):
            found.add("BR")
        if plain in _STRIP and len(plain) > 1:
            found.add(_STRIP_OF.get(plain, plain))
    return frozenset(found)
