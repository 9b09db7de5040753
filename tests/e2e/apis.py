"""Somebody else's HTTP API: keeps what it is sent, answers as it is told to, and gives tokens."""

import base64
import http.server
import json
import threading
import urllib.parse


class Api:
    """On a free port of 127.0.0.1.

    `answers` holds, by path, what is answered next: (status, headers, body); the last one stays. `/token` gives
    tokens of OAuth to the client `id` with the secret `client-s3cret`; those in `tokens` are good. With a context of
    `ssl` it speaks TLS.
    """

    def __init__(self, tls=None):
        api = self
        self.requests, self.answers = [], {}
        self.tokens, self.given, self.lifetime = set(), 0, 3600
        self.change = threading.Condition()
        self.gates = {}

        class Desk(http.server.BaseHTTPRequestHandler):
            def serve(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                where = urllib.parse.urlsplit(self.path)
                request = {
                    "method": self.command,
                    "path": where.path,
                    "query": urllib.parse.parse_qs(where.query),
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "body": body,
                }
                with api.change:
                    api.requests.append(request)
                    api.change.notify_all()
                gate = api.gates.get(where.path)
                if gate:
                    gate.wait(60)
                status, headers, said = api.token(request) if where.path == "/token" else api.answer(request)
                said = said.encode() if isinstance(said, str) else said
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(said)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(said)
                except OSError:
                    pass  # Whoever asked has gone.

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve

            def log_message(self, *_):
                pass

        self.desk = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        self.desk.daemon_threads = True
        if tls:
            self.desk.socket = tls.wrap_socket(self.desk.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.desk.server_port}"
        threading.Thread(target=self.desk.serve_forever, daemon=True).start()

    def token(self, request):
        fields = urllib.parse.parse_qs(request["body"])
        if fields.get("client_id") != ["id"] or fields.get("client_secret") != ["client-s3cret"]:
            return 401, {}, '{"error": "invalid_client"}'
        with self.change:
            self.given += 1
            token = f"t0ken-{self.given}"
            self.tokens.add(token)
        said = {"access_token": token, "token_type": "bearer", "expires_in": self.lifetime}
        return 200, {"Content-Type": "application/json"}, json.dumps(said)

    def answer(self, request):
        kind, _, said = request["headers"].get("authorization", "").partition(" ")
        if kind == "Bearer" and said not in self.tokens:
            return 401, {}, "this token is not good"
        with self.change:
            next_ = self.answers.get(request["path"], [(200, {"Content-Type": "application/json"}, '{"ok": true}')])
            return next_.pop(0) if len(next_) > 1 else next_[0]

    def to(self, path):
        """What was sent to that path."""
        with self.change:
            return [request for request in self.requests if request["path"] == path]

    def wait_for(self, path, count=1, timeout=60):
        """Waits until that many requests have come to the path; all of them."""
        with self.change:
            there = lambda: len(self.to_unlocked(path)) >= count  # noqa: E731
            if not self.change.wait_for(there, timeout):
                raise AssertionError(f"{len(self.to_unlocked(path))} of {count} requests came to {path}")
            return self.to_unlocked(path)

    def to_unlocked(self, path):
        return [request for request in self.requests if request["path"] == path]

    def close(self):
        for gate in self.gates.values():
            gate.set()
        self.desk.shutdown()


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
