"""Pictures: where they may come from, and what may be done to them before they are uploaded."""

import io
import socket
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import fsspec
import imagesize
import pytest
from PIL import Image
from stalls import CREATE, UPLOAD, png
from target_tiktokshop.listings import darkroom, sources
from target_tiktokshop.listings.pictures import CHART, MAIN, MOST_BYTES, VARIATION, PictureRef, PictureRules, look
from target_tiktokshop.listings.sources import PictureError, content_of

CONVERT = PictureRules(convert=True)


def photo(path, width, height, *, orientation=1, kind="JPEG", mode="RGB", noise=False):
    """A picture as a camera writes it."""
    picture = Image.effect_noise((width, height), 90).convert(mode) if noise else Image.new(mode, (width, height), 7)
    exif = Image.Exif()
    exif[darkroom.ORIENTATION] = orientation
    picture.save(path, kind, exif=exif)
    return PictureRef(source=str(path))


PRIVATE = ("http://169.254.169.254/latest", "http://localhost/a.png", "http://10.0.0.1/a.png", "http://[::1]/a.png",
           "http://[::ffff:127.0.0.1]/a.png", "http://0.0.0.0/a.png", "http://2130706433/a.png")  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_picture_in_a_private_network_is_refused_before_anything_is_asked(address, monkeypatch):
    monkeypatch.setattr(sources.requests.Session, "get", lambda *_, **__: pytest.fail("it was asked"))
    with pytest.raises(PictureError, match="the setting allow_private_images lets it be fetched"):
        look(PictureRef(source=address), MAIN)


class Quiet(BaseHTTPRequestHandler):
    """Sends a picture, and counts."""

    def __init__(self, asked, *arguments):
        self.asked = asked
        super().__init__(*arguments)

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(png())

    def log_message(self, *arguments):
        pass


@pytest.fixture
def inside():
    """A server of this machine, and what it was asked for."""
    asked = []
    server = HTTPServer(("127.0.0.1", 0), partial(Quiet, asked))
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


def test_a_name_that_leads_elsewhere_once_it_is_connected_to_is_refused_unasked(inside, monkeypatch):
    port, asked = inside
    resolve, seen = socket.getaddrinfo, []

    def changing(host, *arguments, **more):
        """A name that is public when it is looked at, and this machine when it is used."""
        if host != "pictures.example":
            return resolve(host, *arguments, **more)
        seen.append(host)
        return resolve("1.1.1.1" if len(seen) == 1 else "127.0.0.1", *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    with pytest.raises(PictureError, match="is in a private network"):
        look(PictureRef(source=f"http://pictures.example:{port}/a.png"), MAIN)
    assert (len(seen), asked) == (2, [])
    assert look(PictureRef(source=f"http://127.0.0.1:{port}/a.png"), MAIN, PictureRules(inside=True)).digest
    assert asked == ["/a.png"]


def test_a_picture_of_an_object_store_is_uploaded_once(stall):
    files = fsspec.filesystem("memory")
    files.pipe_file("/shop/mug.png", png(text=b"store"))
    record = stall.record(main_images=["memory://shop/mug.png"])
    run = stall.feed(record)
    assert (run.outcomes, run.writes) == ([("in_review", None)], {CREATE: 1, UPLOAD: 1})
    stall.review()
    assert stall.feed(record).outcomes == [("unchanged", None)]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("memory://shop/none.png", "cannot be read: No such file or directory"),
        ("simplecache::http://10.0.0.1/a.png", "cannot be read: No such file or directory"),
        ("ftp://files.example/a.png", "ftp is neither http, https nor one of abfs, "),
        ("file:///etc/passwd", "file is neither http"),
        ("oci://bucket/a.png", "oci is neither http"),
    ],
)
def test_what_is_no_store_and_no_object_is_a_fault(source, words):
    with pytest.raises(PictureError, match=words):
        content_of(source, MOST_BYTES, inside=False)


SHAPES = {
    "lies on its side": (600, 400, 6, MAIN, (400, 600)),
    "is too small": (150, 200, 1, MAIN, (300, 400)),
    "is too large": (4_400, 2_200, 1, MAIN, (4_000, 2_000)),
    "is a small size chart": (512, 1_024, 1, CHART, (1_024, 2_048)),
    "is small and lies": (300, 150, 8, MAIN, (300, 600)),
}


@pytest.mark.parametrize(("width", "height", "orientation", "use_case", "made"), SHAPES.values(), ids=SHAPES)
def test_a_picture_is_turned_and_scaled_if_that_is_allowed(tmp_path, width, height, orientation, use_case, made):
    ref = photo(tmp_path / "a.jpg", width, height, orientation=orientation)
    content, digest = CONVERT.content(ref, use_case)
    assert imagesize.get(io.BytesIO(content)) == made
    found = look(ref, use_case, CONVERT)
    assert (found.digest, found.pixels) == (digest, made)
    if orientation == 1:
        with pytest.raises(PictureError, match="pixels; "):
            look(ref, use_case)


def test_a_picture_that_is_fit_keeps_its_bytes_and_its_sum(tmp_path):
    ref = photo(tmp_path / "a.jpg", 600, 600)
    assert CONVERT.content(ref, MAIN) == PictureRules().content(ref, MAIN)


@pytest.mark.slow
def test_a_picture_of_too_many_bytes_becomes_a_smaller_one_and_stays_transparent(tmp_path):
    ref = photo(tmp_path / "a.png", 1_700, 1_700, kind="PNG", mode="RGBA", noise=True)
    content, _ = PictureRules(convert=True).content(ref, VARIATION)
    assert content[:4] == b"\x89PNG"
    assert len(content) <= MOST_BYTES


@pytest.mark.parametrize(("size", "words"), [((100, 3_000), "which no scaling brings to 300 to 4,000")])
def test_a_picture_that_cannot_be_made_fit_is_a_fault(tmp_path, size, words):
    with pytest.raises(PictureError, match=words):
        look(photo(tmp_path / "a.jpg", *size), MAIN, CONVERT)
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff no picture")
    with pytest.raises(PictureError, match="cannot be turned or scaled"):
        look(PictureRef(source=str(tmp_path / "b.jpg")), MAIN, CONVERT)


def test_a_picture_that_was_scaled_is_not_uploaded_again(stall):
    small = photo(stall.folder / "small.jpg", 150, 150)
    record = stall.record(main_images=[small.source])
    assert stall.feed(record, max_rejected_percent=100).outcomes == [("rejected", "bad_listing")]
    run = stall.feed(record, convert_images=True)
    assert (run.outcomes, run.writes) == ([("in_review", None)], {CREATE: 1, UPLOAD: 1})
    stall.review()
    again = stall.feed(record, convert_images=True)
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})
