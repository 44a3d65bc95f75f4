"""What plates look like, region by region. Data only: see `pattern.patterns` for the notation.

`EU-xx` is a member of the European Union, `US` any state. Formats are those in use on cars; special series (police,
diplomats, trailers) are there where they share a shape. What a region leaves out of its alphabet is left out here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from services.modules.specialists.lpr import districts
from services.modules.specialists.lpr.alphabet import LETTERS
from services.modules.specialists.lpr.pattern import Pattern, patterns


@dataclass(frozen=True, slots=True)
class Region:
    """`letters` is its alphabet; `prefixes` what plates of the shapes may begin with (empty: anything).

    A `generic` region takes what no other explains: nothing is corrected on its behalf.
    """

    code: str
    shapes: tuple[str, ...]
    letters: str = LETTERS
    prefixes: tuple[str, ...] = ()
    generic: bool = False


def _without(missing: str) -> str:
    return "".join(letter for letter in LETTERS if letter not in missing)


_DUTCH = (
    *("LL-DD-DD", "DD-DD-LL", "DD-LL-DD", "LL-DD-LL", "LL-LL-DD", "DD-LL-LL", "DD-LLL-D", "D-LLL-DD"),
    *("LL-DDD-L", "L-DDD-LL", "LLL-DD-L", "D-LL-DDD", "DDD-LL-D"),
)
_POLISH = (
    *("L DDDDD", "L DDDDL", "L DDDLL", "L DLDDD", "L DLLDD"),
    *("LL LDDD", "LL DDLL", "LL DLDD", "LL DDLD", "LL DDDDD", "LL DDDDL", "LL DDDLL"),
)
_TAIWANESE = ("LLL-DDDD", "LL-DDDD", "DDDD-LL", "LLL-DDD", "DDD-LLL", "LXD-DDD", "DX-DDDD", "DDDD-DL")
_AMERICAN = (
    *("LLL DDDD", "LLL DDD", "DDD LLL", "LLD LDL", "LDD DDDDD", "LDL DDD", "LL DDDDD", "DDD DLL", "LLLDDL", "LDDLLL"),
    *("DDDD LL", "DLL DDD", "DDL DDD", "DLL DDDD", "LLL DLL", "DDL LDD", "LLD DDDD", "LDD DDD", "LL DDDD", "DDLL DD"),
    *("DLLL DD", "DDD LDL", "LDDDLL", "DLDDDD", "LLDDDL", "LDDDDDD"),
)
_CYRILLIC = "ABEKMHOPCTYX"
_CHINESE = _without("IO")

REGIONS: tuple[Region, ...] = (
    Region("BJ", ("LL DDDD 'RB'", "L DDDD 'RB'", "LL DDDD")),
    Region("BR", ("LLL-DDDD", "LLLDLDD")),
    Region("EU-FR", ("LL-DDD-LL",), letters=_without("IOU")),
    Region("EU-FR", ("D{2,4} L{2,3} DD",), letters=_without("IO")),
    Region(
        "EU-DE",
        ("L{1,3}-L{1,2} D{1,4}", "L{1,2}-L{1,2} D{1,3}'E'", "L{1,2}-L{1,2} D{1,3}'H'"),
        prefixes=districts.GERMAN,
    ),
    Region("EU-SK", ("LL-DDDLL",), prefixes=districts.SLOVAK),
    Region("EU-IT", ("LL DDDLL",), letters=_without("IOQU")),
    Region("EU-ES", ("DDDD LLL",), letters=_without("AEIOUQ")),
    Region("EU-ES", ("L{1,2}-DDDD-L{1,2}",)),
    Region("EU-NL", _DUTCH, letters=_without("AEIOUQWY")),
    Region("EU-BE", ("D-LLL-DDD", "LLL-DDD", "DDD-LLL")),
    Region("EU-PL", tuple(f"[BCDEFGKLNOPRSTWZ]{rest}" for rest in _POLISH)),
    Region("EU-PT", ("LL-DD-LL", "DD-DD-LL", "DD-LL-DD", "LL-DD-DD")),
    Region("GB", ("LLDD LLL", "LDDD LLL", "LLL DDDL", "LDD LLL", "LD LLL", "LLL DDL", "LLL DL"), letters=_without("I")),
    Region("CH", ("LL D{3,6}",), prefixes=districts.SWISS),
    Region("EU-CZ", ("D[ABCEHJKLMPSTUZ]D DDDD", "D[ABCEHJKLMPSTUZ]L DDDD", "LLL DD-DD"), letters=_without("GOQW")),
    Region(
        "EU-AT",
        ("L{1,2}-D{3,5}L", "L{1,2}-D{2,4}LL", "L{1,2}-D{1,3}LLL", "L{1,2}-LLLD{1,2}"),
        prefixes=districts.AUSTRIAN,
    ),
    Region("EU-HU", ("LLL-DDD", "LL LL-DDD")),
    Region("EU-RO", ("LL DD LLL",), prefixes=districts.ROMANIAN, letters=_without("Q")),
    Region("EU-RO", ("'B' D{2,3} LLL",), letters=_without("Q")),
    Region("EU-BG", ("L{1,2} DDDD LL",), prefixes=districts.BULGARIAN, letters=_CYRILLIC),
    Region("EU-HR", ("LL DDD{1,2}-L{1,2}", "LL D{3,4}-L{1,2}"), prefixes=districts.CROATIAN),
    Region("EU-SI", ("LL LL-DDD", "LL LD-DDD", "LL DD-LLL", "LL DDD-LL", "LL LDD-L"), prefixes=districts.SLOVENE),
    Region("EU-SE", ("LLL DDD", "LLL DDL"), letters=_without("IQV")),
    Region("EU-FI", ("LLL-DDD",)),
    Region("EU-DK", ("LL DD DDD",)),
    Region("EU-EE", ("DDD LLL",)),
    Region("EU-LV", ("LL-D{3,4}",)),
    Region("EU-LT", ("LLL DDD",)),
    Region("EU-LU", ("LL DDDD",)),
    Region("EU-IE", ("DD-L{1,2}-D{2,6}", "DDD-L{1,2}-D{2,5}")),
    Region("EU-GR", ("LLL-DDDD",), letters="ABEZHIKMNOPTYX"),
    Region("EU-MT", ("LLL DDD",)),
    Region("EU-CY", ("LLL DDD",)),
    Region("NO", ("LL DDDDD",)),
    Region("UA", ("LL DDDD LL",), letters="ABCEHIKMOPTX"),
    Region("TR", ("DD L DDDD", "DD LL DDD", "DD LL DDDD", "DD LLL DD", "DD LLL DDD"), letters=_without("QWX")),
    Region("RU", ("LDDDLL DD", "LDDDLL DDD", "LL DDD DD"), letters=_CYRILLIC),
    Region("AR", ("LL DDD LL", "LLL DDD")),
    Region("CN", ("PL·XXXXX", "PL·XXXXE", "PL·DDDDDL", "PL·LDDDDD", "PL·LLDDDD"), letters=_CHINESE),
    Region("TW", _TAIWANESE, letters=_without("IO")),
    Region("US-CA", ("DLLLDDD",), letters=_without("IOQ")),
    Region("US-CA", ("DLLLDDD",)),
    Region("US", _AMERICAN),
    # Older British plates and those of Northern Ireland are shaped as many others are.
    Region("GB", ("LLL D{1,4}", "D{1,4} LLL", "L D{3,4}", "LL D{3,4}")),
    Region("EU", ("X{5,8}",), generic=True),
    Region("US", ("X{5,7}",), generic=True),
)
PERSONAL = Region("US", ("L{3,7}", "D{5,7}"), generic=True)
"""Letters only or digits only, as some states let people choose."""


@cache
def shapes_of(region: Region) -> tuple[Pattern, ...]:
    """All patterns of a region, in the order of its shapes."""
    return tuple(
        pattern
        for shape in region.shapes
        for pattern in patterns(shape, letters=region.letters, prefixes=region.prefixes)
    )
