"""Documents as PDF: one page of text lines with a bar code, as small as a label printer wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIZES: Final[Mapping[str, tuple[int, int]]] = {"A4": (595, 842), "A5": (420, 595), "A6": (298, 420)}
"""Width and height in points."""
_MARGIN, _TITLE, _TEXT, _LEADING, _BAR = 18, 13, 8, 12, 34


def page(size: str, title: str, lines: Sequence[str], code: str) -> bytes:
    """A PDF of one page.

    `size` is one of `SIZES`, `code` is drawn as bars above its own text. Letters that the built-in fonts of PDF do not
    have are shown as question marks.
    """
    width, height = SIZES[size]
    top = height - _MARGIN - _TITLE
    drawn = [_text(_MARGIN, top, _TITLE, title)]
    drawn += _bars(code, width, top - _BAR - 8)
    first = top - _BAR - 22
    drawn += [_text(_MARGIN, first - _LEADING * place, _TEXT, line) for place, line in enumerate([code, *lines])]
    return _file(width, height, "\n".join(drawn).encode("cp1252", "replace"))


def zpl(title: str, lines: Sequence[str], code: str) -> bytes:
    """The same for a label printer, in its own language."""
    drawn = [f"^FO30,30^A0N,40^FD{_plain(title)}^FS", f"^FO30,90^BCN,100,Y,N,N^FD{_plain(code)}^FS"]
    drawn += [f"^FO30,{240 + 30 * place}^A0N,24^FD{_plain(line)}^FS" for place, line in enumerate(lines)]
    return "\n".join(["^XA", "^CI28", *drawn, "^XZ", ""]).encode()


def _plain(words: str) -> str:
    """Words without what commands of the printer begin with."""
    return "".join(letter for letter in words if letter.isprintable() and letter not in "^~")


def _text(left: int, bottom: int, points: int, words: str) -> str:
    escaped = "".join(f"\\{letter}" if letter in "()\\" else letter for letter in words if letter.isprintable())
    return f"BT /F1 {points} Tf {left} {bottom} Td ({escaped}) Tj ET"


def _bars(code: str, width: int, bottom: int) -> list[str]:
    """A bar for every bit of the code's letters that is set."""
    bits = [int(bit) for letter in code.encode() for bit in f"{letter:08b}"]
    step = (width - 2 * _MARGIN) / max(len(bits), 1)
    return [f"{_MARGIN + step * place:.2f} {bottom} {step:.2f} {_BAR} re f" for place, bit in enumerate(bits) if bit]


def _file(width: int, height: int, content: bytes) -> bytes:
    """The objects of the file, and where each begins."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
        % (width, height),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    made = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, count = len(made), len(objects) + 1
    made += b"xref\n0 %d\n0000000000 65535 f \n" % count
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, start)
    return bytes(made)
