"""A Prometheus Pushgateway on this machine, which takes what really comes."""

import contextlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


@contextlib.contextmanager
def gateway(status=200):
    """Address, and what comes there: method, path, text."""
    came = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            came.append((self.command, unquote(self.path), text))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            """Keeps the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", came
    server.shutdown()
    server.server_close()
    thread.join()


def figures(text):
    """(name, *values of its labels) -> value; or name -> value where it has none."""
    found = {}
    for name, labels, value in re.findall(r"^tiktokshop_(\w+)(?:\{(.*)\})? ([\d.e+-]+)$", text, re.MULTILINE):
        found[(name, *re.findall(r'"(.*?)"', labels)) if labels else name] = float(value)
    return found
