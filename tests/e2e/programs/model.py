"""What the tests of endpoints serve: answers with the model's text, and does what a request's body tells it to.

Bodies: `who` (the model's text and the id of this process's run), `wait <gate>` (answers when the test opens the gate),
`die` (no answer: the process is gone), `refuse <status>`; anything else comes back as it is.
"""

import http.server
import json
import os
import pathlib
import signal
import threading
import urllib.request
import uuid

MODEL = pathlib.Path(os.environ.get("SM_MODEL_DIR") or "/opt/ml/model")
ME = str(uuid.uuid4())
# A model that cannot be loaded ends the program before it serves.
TEXT = (MODEL / "model.txt").read_text()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        word, _, rest = body.decode(errors="replace").partition(" ")
        if word == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if word == "wait":
            url = f"{os.environ['LEDGER']}/"
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            opener.open(urllib.request.Request(f"{url}{rest}:held", method="POST")).close()
            opener.open(url + rest).close()
        if word == "refuse":
            return self.answer(int(rest), b"not with me")
        if word in ("who", "wait"):
            body = json.dumps({"model": TEXT, "run": ME}).encode()
        return self.answer(200, body)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", self.headers.get("Accept") or "application/octet-stream")
        attributes = self.headers.get("X-Amzn-SageMaker-Custom-Attributes")
        if attributes:
            self.send_header("X-Amzn-SageMaker-Custom-Attributes", attributes + " and back")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *values):
        print(form % values, flush=True)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True  # an idle connection must not hold the process
    request_queue_size = 128


def main():
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT") or 8080)
    server = Server((os.environ.get("BIND_ADDRESS", ""), port), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"serving {TEXT}", flush=True)
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
