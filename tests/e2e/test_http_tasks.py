"""HTTP tasks, by boto3 and with real APIs: what is sent, what comes of it, and that nothing is done twice."""

import json
import ssl
import threading
import unittest
import unittest.mock

import harness
from apis import Api, basic
from harness import ROLE, WithServer, run

PASSWORD = "http-task-s3cret-password"


class WithApi(WithServer):
    flags = ("--allow-private-targets", "127.0.0.1")

    @classmethod
    def tls(cls):
        """How the API speaks TLS, if it does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api = Api(cls.tls())
        cls.addClassCleanup(cls.api.close)
        cls.connection = cls.client("events").create_connection(
            Name="api",
            AuthorizationType="BASIC",
            AuthParameters={"BasicAuthParameters": {"Username": "me", "Password": PASSWORD}},
        )["ConnectionArn"]

    def setUp(self):
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.path = f"/{self.me}"

    def task(self, method="GET", connection=None, url=None, state=None, **more):
        parameters = {
            "ApiEndpoint": url or self.api.url + self.path,
            "Method": method,
            "Authentication": {"ConnectionArn": connection or self.connection},
            **more,
        }
        state = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters, "End": True, **(state or {})}
        return {"Call": state}

    def outcome(self, states, value=None):
        name = f"{self.me}-{len(self.client('stepfunctions').list_state_machines()['stateMachines'])}"
        return self.started(self.machine(name, states), value)


class HttpTasks(WithApi):
    def test_a_call_and_its_result(self):
        said = (201, {"Content-Type": "application/json", "X-Twice": "1"}, '{"id": 7}')
        self.api.answers[self.path] = [said]
        execution = self.outcome(
            self.task(
                "POST",
                Headers={"X-Run.$": "$.run", "X-List": ["a", "b"]},
                QueryParameters={"q.$": "$.q"},
                RequestBody={"n.$": "$.n"},
            ),
            {"run": "r1", "q": "a b&c", "n": [1]},
        )
        output = json.loads(self.ended(execution)["output"])
        self.assertEqual(output["ResponseBody"], {"id": 7})
        self.assertEqual((output["StatusCode"], output["StatusText"]), (201, "Created"))
        self.assertEqual(output["Headers"]["x-twice"], ["1"])
        sent = self.api.to(self.path)[0]
        self.assertEqual((sent["method"], sent["query"], sent["body"]), ("POST", {"q": ["a b&c"]}, '{"n":[1]}'))
        self.assertEqual(sent["headers"]["authorization"], basic("me", PASSWORD))
        self.assertEqual(sent["headers"]["user-agent"], "Amazon|StepFunctions|HttpInvoke|us-east-1")
        self.assertEqual(sent["headers"]["range"], "bytes=0-262144")
        history = self.history(execution)
        self.assertEqual(
            [event["type"] for event in history],
            ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"],
        )
        scheduled = history[2]["taskScheduledEventDetails"]
        self.assertEqual((scheduled["resourceType"], scheduled["resource"]), ("http", "invoke"))
        self.assertNotIn("s3cret", json.dumps(history, default=str) + self.server.said())

    def test_a_form(self):
        states = self.task(
            "POST",
            Headers={"Content-Type": "application/x-www-form-urlencoded"},
            RequestBody={"customer": "c 1", "items": ["a", "b"], "deep": {"x": 1}},
            Transform={"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": "BRACKETS"}},
        )
        self.ended(self.outcome(states))
        sent = self.api.to(self.path)[0]
        self.assertEqual(sent["body"], "customer=c%201&items%5B%5D=a&items%5B%5D=b&deep%5Bx%5D=1")
        self.assertEqual(sent["headers"]["content-type"], "application/x-www-form-urlencoded")

    def test_a_status_is_a_failure_that_can_be_tried_again_and_caught(self):
        self.api.answers[self.path] = [(503, {}, "busy"), (404, {"Content-Type": "text/plain"}, "no such thing")]
        again = {"ErrorEquals": ["States.Http.StatusCode.503"], "IntervalSeconds": 1, "MaxAttempts": 2}
        catch = {"ErrorEquals": ["States.Http.StatusCode.404"], "Next": "Caught"}
        states = {**self.task(state={"Retry": [again], "Catch": [catch]}), "Caught": {"Type": "Pass", "End": True}}
        output = json.loads(self.ended(self.outcome(states))["output"])
        self.assertEqual(output, {"Error": "States.Http.StatusCode.404", "Cause": "no such thing"})
        self.assertEqual(len(self.api.to(self.path)), 2)

    def test_what_goes_wrong_has_its_name(self):
        def fails(error, states, part=""):
            ended = self.ended(self.outcome(states), status="FAILED")
            self.assertEqual(ended["error"], error, ended)
            self.assertIn(part, ended["cause"])

        gone = self.connection.rsplit("/", 1)[0] + "/00000000-0000-0000-0000-000000000000"
        fails("Events.ConnectionResource.ResourceNotFound", self.task(connection=gone))
        fails("Events.ConnectionResource.AccessDenied", self.task(connection=gone.replace("000000000000:c", "111111111111:c")))
        fails("States.Runtime", self.task(Headers={"Authorization": "x"}), "Authorization")
        fails("States.Http.Socket", self.task(url="http://127.0.0.1:1/"), "127.0.0.1:1")
        fails("States.Http.Socket", self.task(url="https://169.254.169.254/latest/meta-data/"), "is not public")
        fails("States.Http.Socket", self.task(url="http://[::ffff:10.0.0.1]/"), "is not public")
        self.api.answers["/large"] = [(200, {"Content-Type": "text/plain"}, "x" * 300_000)]
        fails("States.DataLimitExceeded", self.task(url=f"{self.api.url}/large"))
        self.api.answers["/image"] = [(200, {"Content-Type": "image/png"}, b"\x89PNG")]
        fails("States.Runtime", self.task(url=f"{self.api.url}/image"), "image/png")
        events = self.client("events")
        arn = events.create_connection(
            Name="off", AuthorizationType="API_KEY",
            AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}},
        )["ConnectionArn"]
        events.deauthorize_connection(Name="off")
        fails("Events.ConnectionResource.InvalidConnectionState", self.task(connection=arn))

    def test_a_post_is_not_made_twice(self):
        """The server is killed in the middle of it: what the API has done is not known, and Retry decides."""
        gate = self.api.gates[self.path] = threading.Event()
        catch = {"ErrorEquals": ["States.Http.Socket"], "Next": "Caught"}
        states = {**self.task("POST", RequestBody={}, state={"Catch": [catch]}), "Caught": {"Type": "Pass", "End": True}}
        execution = self.outcome(states)
        self.api.wait_for(self.path)
        self.server.kill()
        gate.set()
        self.server.start()
        output = json.loads(self.ended(execution)["output"])
        self.assertIn("is not known", output["Cause"])
        self.assertEqual(len(self.api.to(self.path)), 1)

    def test_a_get_is_made_again_after_a_crash(self):
        gate = self.api.gates[self.path] = threading.Event()
        execution = self.outcome(self.task("GET"))
        self.api.wait_for(self.path)
        self.server.kill()
        gate.set()
        self.server.start()
        self.ended(execution)
        self.assertEqual(len(self.api.to(self.path)), 2)

    def test_a_state_is_tried(self):
        import boto3
        from botocore.config import Config
        from harness import REGION

        states = boto3.client(
            "stepfunctions", endpoint_url=self.server.url, region_name=REGION,
            aws_access_key_id=self.server.exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.server.exports["AWS_SECRET_ACCESS_KEY"],
            config=Config(inject_host_prefix=False),
        )
        state = json.dumps(self.task("POST", RequestBody={"a": 1})["Call"])

        def try_(**more):
            return states.test_state(definition=state, roleArn=ROLE, input="{}", **more)

        tried = try_()
        self.assertEqual((tried["status"], json.loads(tried["output"])["ResponseBody"]), ("SUCCEEDED", {"ok": True}))
        shown = try_(inspectionLevel="TRACE")["inspectionData"]
        self.assertEqual(
            {**shown["request"], "headers": None},
            {"protocol": "http", "method": "POST", "url": self.api.url + self.path, "headers": None, "body": '{"a":1}'},
        )
        self.assertIn("User-Agent: Amazon|StepFunctions|HttpInvoke|us-east-1", shown["request"]["headers"])
        self.assertEqual((shown["response"]["statusCode"], shown["response"]["body"]), ("200", '{"ok": true}'))
        self.assertNotIn("Authorization", json.dumps(shown))
        revealed = try_(inspectionLevel="TRACE", revealSecrets=True)["inspectionData"]
        self.assertIn(basic("me", PASSWORD), revealed["request"]["headers"])
        self.assertNotIn("request", try_(inspectionLevel="DEBUG")["inspectionData"])
        self.assertEqual(len(self.api.to(self.path)), 4)


class Tls(WithApi):
    """An API whose certificate comes from an authority that this machine trusts."""

    @classmethod
    def setUpClass(cls):
        # The file need not be there before the first call.
        authority = harness.pathlib.Path(harness.tempfile.mkdtemp(prefix="trainyard-authority-"))
        cls.addClassCleanup(harness.shutil.rmtree, authority)
        cls.authority = authority
        trusted = unittest.mock.patch.dict(harness.AMBIENT, SSL_CERT_FILE=str(authority / "ca.pem"))
        trusted.start()
        cls.addClassCleanup(trusted.stop)
        super().setUpClass()

    @classmethod
    def tls(cls):
        """A certificate for 127.0.0.1 and the name api.localhost."""
        at = cls.authority
        new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        run([*new, "-keyout", at / "ca.key", "-out", at / "ca.pem", "-subj", "/CN=An authority"])
        names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:api.localhost", "-addext", "basicConstraints=critical,CA:FALSE"]
        signed = ["-CA", at / "ca.pem", "-CAkey", at / "ca.key"]
        run([*new, "-keyout", at / "key.pem", "-out", at / "cert.pem", "-subj", "/CN=An API", *names, *signed])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(at / "cert.pem", at / "key.pem")
        return context

    def test_a_certificate_is_checked_with_its_name(self):
        output = json.loads(self.ended(self.outcome(self.task("POST", RequestBody={"a": 1})))["output"])
        self.assertEqual(output["ResponseBody"], {"ok": True})
        self.assertEqual(self.api.to(self.path)[0]["headers"]["authorization"], basic("me", PASSWORD))
        port = self.api.desk.server_port
        named = self.task(url=f"https://localhost:{port}{self.path}")
        ended = self.ended(self.outcome(named), status="FAILED")
        self.assertEqual(ended["error"], "States.Http.Socket")
        self.assertIn("certificate", ended["cause"])
        self.assertEqual(len(self.api.to(self.path)), 1)
        # What speaks no TLS is not talked to in the open.
        ended = self.ended(self.outcome(self.task(url=self.server.url.replace("http:", "https:"))), status="FAILED")
        self.assertEqual(ended["error"], "States.Http.Socket")


if __name__ == "__main__":
    unittest.main()
