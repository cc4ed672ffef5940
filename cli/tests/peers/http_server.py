"""Python's own http.server as a server for our client: http_server.py [CERT KEY]

Prints the port it listens on."""

import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY = bytes(range(256)) * 4096


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/known":
            self.head(200, ("Content-Length", len(BODY)))
            self.body(BODY)
        elif self.path == "/chunked":
            self.head(200, ("Transfer-Encoding", "chunked"), ("Trailer", "X-Sum"))
            for at in range(0, len(BODY), 50000):
                piece = BODY[at : at + 50000]
                self.body(b"%x;name=value\r\n%s\r\n" % (len(piece), piece))
            self.body(b"0\r\nX-Sum: 1\r\n\r\n")
        elif self.path == "/until-close":
            self.head(200, ("Connection", "close"))
            self.body(BODY)
        elif self.path == "/cut":
            self.head(200, ("Content-Length", len(BODY)))
            self.body(BODY[:70000])
            self.close_connection = True
        elif self.path == "/cut-chunked":
            self.head(200, ("Transfer-Encoding", "chunked"))
            self.body(b"ff\r\n" + b"x" * 100)
            self.close_connection = True
        elif self.path == "/bad-chunk":
            self.head(200, ("Transfer-Encoding", "chunked"))
            self.body(b"5\r\nhello\r\n+5\r\nworld\r\n0\r\n\r\n")
        elif self.path == "/slow":
            self.head(200, ("Content-Length", 10))
            self.body(b"x")
            forever.wait()
        elif self.path == "/nothing":
            self.head(204)
        elif self.path == "/fields":
            self.text(200, "".join(f"{name}: {value}\n" for name, value in self.headers.items()))
        else:
            self.text(404, "no such page\n")

    do_HEAD = do_GET

    def do_POST(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            received = b""
            while (size := int(self.rfile.readline().split(b";")[0], 16)) > 0:
                received += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            received = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.head(200, ("Content-Length", len(received)), ("X-Method", self.command))
        self.body(received)

    do_PUT = do_POST

    def text(self, status, text):
        self.head(status, ("Content-Length", len(text)), ("Content-Type", "text/plain"))
        self.body(text.encode())

    def head(self, status, *fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, str(value))
        self.end_headers()

    def body(self, data):
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_):
        pass


forever = threading.Event()
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[1:])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(f"port {server.server_port}")
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
