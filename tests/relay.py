"""Stands between a client and a platform, and lets a test look at what passes, or change it."""

import contextlib
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@contextlib.contextmanager
def relay(url, *, before, after):
    """Passes requests on, and lets somebody look at them and at their answers."""
    host = urlsplit(url).netloc

    def plain(headers):
        return {name: value for name, value in headers.items() if name.lower() not in {"accept-encoding", "host"}}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = urlsplit(self.path).path
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if before:
                before(path)
            behind = http.client.HTTPConnection(host)
            behind.request(self.command, self.path, body, plain(self.headers))
            answer = behind.getresponse()
            content = answer.read()
            behind.close()
            changed = after(path, json.loads(content)) if after else None
            content = content if changed is None else json.dumps(changed).encode()
            self.send_response(answer.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the library looks for these names

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
