"""Serves the model over HTTP, as SageMaker asks of a container that it runs as an endpoint.

GET /ping answers 200 once the model is loaded. POST /invocations takes text/csv (one row of features to a line) or
application/json ({"instances": [[...], ...]}) and answers with one prediction for each row, in the form that the
Accept header names or, without one, in the form of the request.
SageMaker starts it with the argument `serve`, which says nothing new and is ignored.
"""

import csv
import io
import json
import math
import os
import signal
import socketserver
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from train import predict

CSV = "text/csv"
JSON = "application/json"
LARGEST_BODY = 6 * 1024 * 1024  # what SageMaker lets through to a container
DRAIN_SECONDS = 20  # SageMaker kills a container 30 seconds after it asked it to stop


class Refused(Exception):
    """The request is at fault: its status code and what to tell the caller."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


def load():
    folder = Path(os.environ.get("SM_MODEL_DIR") or "/opt/ml/model")
    model = json.loads((folder / "model.json").read_text())
    return len(model["weights"]), lambda rows: [predict(model, row) for row in rows]


def read_rows(content_type, body, width):
    """The rows in a request body, every one of `width` finite numbers."""
    try:
        if content_type == CSV:
            rows = [row for row in csv.reader(io.StringIO(body.decode())) if row]
        elif content_type == JSON:
            rows = json.loads(body)["instances"]
        else:
            raise Refused(415, f"cannot read {content_type or 'a body without a Content-Type'}: send {CSV} or {JSON}")
        rows = [[float(value) for value in row] for row in rows]
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(400, f"the body is not {content_type} with rows of numbers: {error}") from error
    if not rows:
        raise Refused(400, "the body has no rows")
    for number, row in enumerate(rows, start=1):
        if len(row) != width or not all(map(math.isfinite, row)):
            raise Refused(400, f"row {number} is not {width} finite numbers")
    return rows


def answer_type(accept, content_type):
    """The form of the answer: the first that the caller accepts and we have, else that of the request."""
    wanted = [plain(part) for part in (accept or "*/*").split(",")]
    for kind in wanted:
        if kind in (CSV, JSON):
            return kind
    if "*/*" in wanted:
        return content_type
    raise Refused(406, f"cannot answer with {accept}: accept {CSV} or {JSON}")


def write_predictions(predictions, kind):
    if kind == CSV:
        return "".join(f"{value}\n" for value in predictions).encode()
    return json.dumps({"predictions": predictions}).encode()


def plain(header):
    """`text/csv; charset=utf-8` -> `text/csv`."""
    return (header or "").split(";")[0].strip().lower()


class Server(ThreadingHTTPServer):
    """Counts the requests under way, so that stopping can wait for them."""

    daemon_threads = True  # an idle keep-alive connection must not hold the process
    request_queue_size = 128

    def __init__(self, address, model):
        super().__init__(address, Handler)
        self.width, self.predict = model
        self.busy = 0
        self.change = threading.Condition()
        self.stopping = False

    def server_bind(self):
        # Not HTTPServer's: it asks the name service for this machine's full name, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def count(self, step):
        with self.change:
            self.busy += step
            self.change.notify_all()

    def drain(self):
        with self.change:
            return self.change.wait_for(lambda: self.busy == 0, timeout=DRAIN_SECONDS)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive
    disable_nagle_algorithm = True

    def do_GET(self):
        self.respond(self.ping)

    def do_POST(self):
        self.respond(self.invoke)

    def ping(self):
        if self.path != "/ping":
            raise Refused(404, "only GET /ping and POST /invocations are here")
        return JSON, b"{}"

    def invoke(self):
        body = self.body()
        if self.path != "/invocations":
            raise Refused(404, "only GET /ping and POST /invocations are here")
        content_type = plain(self.headers["Content-Type"])
        rows = read_rows(content_type, body, self.server.width)
        kind = answer_type(self.headers["Accept"], content_type)
        return kind, write_predictions(self.server.predict(rows), kind)

    def body(self):
        length = self.headers["Content-Length"]
        if length is None or not length.isdigit():
            self.close_connection = True
            raise Refused(411, "send a Content-Length")
        if int(length) > LARGEST_BODY:
            self.close_connection = True
            raise Refused(413, f"the body is larger than {LARGEST_BODY} bytes")
        return self.rfile.read(int(length))

    def respond(self, answer):
        self.server.count(+1)
        try:
            try:
                status, (content_type, body) = 200, answer()
            except Refused as refusal:
                status, content_type = refusal.status, JSON
                body = json.dumps({"error": str(refusal)}).encode()
            except Exception:
                traceback.print_exc()
                status, content_type, body = 500, JSON, b'{"error": "the model failed; its log says why"}'
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            if self.server.stopping or self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
        finally:
            self.server.count(-1)

    def log_message(self, form, *values):
        if self.path != "/ping":  # asked every few seconds
            print(form % values, flush=True)


def main():
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT") or 8080)
    # In a container every address is the container's own; without one, BIND_ADDRESS keeps us on the loopback.
    server = Server((os.environ.get("BIND_ADDRESS", ""), port), load())

    def stop(*_):
        server.stopping = True
        # shutdown() waits for serve_forever(), which is below on this very thread.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"serving on port {port}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    sys.exit(0 if server.drain() else 1)


if __name__ == "__main__":
    main()
