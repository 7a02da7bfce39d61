"""QR codes of links, for screens (SVG) and for print and posts (PNG)."""

import io

import segno

ERROR_LEVEL = "m"
QUIET_ZONE = 4
"""Light modules around the code, as ISO/IEC 18004 asks for."""
PNG_SCALE = 12
"""Pixels of a module: some 500 pixels for a link."""
SVG_SCALE = 8


def svg(content: str) -> str:
    """The code as an SVG document."""
    return _drawn(content, "svg", SVG_SCALE).decode()


def png(content: str) -> bytes:
    """The code as a PNG image."""
    return _drawn(content, "png", PNG_SCALE)


def _drawn(content: str, kind: str, scale: int) -> bytes:
    code = segno.make_qr(content, error=ERROR_LEVEL)
    drawn = io.BytesIO()
    code.save(drawn, kind=kind, scale=scale, border=QUIET_ZONE, dark="#000", light="#fff")
    return drawn.getvalue()
