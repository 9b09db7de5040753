"""Who is let in: signatures, hosts, origins. What is refused has done nothing."""

import datetime
import http.client
import json
import unittest
from urllib.parse import urlencode, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import ACCOUNT, REGION, ROLE, WithServer

STATES = "AWSStepFunctions"
DEFINITION = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


class At:
    """Mixed into a signer of botocore's: it signs as if it were another time."""

    shift = datetime.timedelta(0)

    def _modify_request_before_signing(self, request):
        now = datetime.datetime.now(datetime.timezone.utc) + self.shift
        request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
        super()._modify_request_before_signing(request)


class HeaderAt(At, SigV4Auth):
    pass


class QueryAt(At, SigV4QueryAuth):
    pass


class Access(WithServer):
    def send(self, method, target, headers=(), body=b""):
        """One request as it stands: status and body. A header without value is left out."""
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(link.close)
        link.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        given = {"Host": f"127.0.0.1:{self.server.port}", "Content-Length": str(len(body)), **dict(headers)}
        for name, value in given.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    link.putheader(name, one)
        link.endheaders(body)
        answer = link.getresponse()
        return answer.status, answer.read().decode()

    def signed(self, name, operation="CreateStateMachine", signer=HeaderAt, minutes=0, **keys):
        """The headers and body of a signed call that makes a state machine."""
        body = json.dumps({"name": name, "definition": DEFINITION, "roleArn": ROLE}).encode()
        headers = {"X-Amz-Target": f"{STATES}.{operation}", "Content-Type": "application/x-amz-json-1.0"}
        request = AWSRequest("POST", self.server.url + "/", headers=headers, data=body)
        key = keys.get("key", self.server.exports["AWS_ACCESS_KEY_ID"])
        secret = keys.get("secret", self.server.exports["AWS_SECRET_ACCESS_KEY"])
        one = signer(Credentials(key, secret, keys.get("token")), keys.get("service", "states"), REGION)
        one.shift = datetime.timedelta(minutes=minutes)
        one.add_auth(request)
        return dict(request.headers), body, request

    def machines(self):
        listed = self.client("stepfunctions").list_state_machines()["stateMachines"]
        return {machine["name"] for machine in listed}

    def refuses(self, status, code, name, headers, body, target="/"):
        """Asserts that the call is refused and has made nothing."""
        seen, answer = self.send("POST", target, headers, body)
        self.assertEqual((seen, code in answer), (status, True), answer)
        self.assertNotIn(name, self.machines())
        return answer

    def test_a_signed_request_is_answered(self):
        headers, body, _ = self.signed("signed")
        status, answer = self.send("POST", "/", headers, body)
        self.assertEqual(status, 200, answer)
        self.assertIn("signed", self.machines())

    def test_without_a_signature(self):
        headers, body, _ = self.signed("unsigned")
        del headers["Authorization"]
        self.refuses(403, "MissingAuthenticationToken", "unsigned", headers, body)

    def test_with_another_secret(self):
        headers, body, _ = self.signed("wrong", secret="x" * 40)
        answer = self.refuses(403, "InvalidSignatureException", "wrong", headers, body)
        self.assertNotIn(self.server.exports["AWS_SECRET_ACCESS_KEY"], answer)

    def test_with_a_key_that_is_not_there(self):
        headers, body, _ = self.signed("nobody", key="AKIAXXXXXXXXXXXXXXXX")
        self.refuses(403, "UnrecognizedClientException", "nobody", headers, body)

    def test_with_a_token_that_was_never_given(self):
        headers, body, _ = self.signed("token", token="made-up")
        self.refuses(403, "UnrecognizedClientException", "token", headers, body)

    def test_in_forms_and_xml(self):
        """The same refusals by the names that the query protocol has for them."""
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        key, secret = self.server.exports["AWS_ACCESS_KEY_ID"], self.server.exports["AWS_SECRET_ACCESS_KEY"]
        for keys, code in [
            ((key, "wrong"), "SignatureDoesNotMatch"),
            (("AKIANOBODYNOBODY", secret), "InvalidClientTokenId"),
            (None, "MissingAuthenticationToken"),
        ]:
            request = AWSRequest("POST", self.server.url + "/", headers=form, data=body)
            if keys:
                SigV4Auth(Credentials(*keys), "sts", REGION).add_auth(request)
            status, answer = self.send("POST", "/", dict(request.headers), body)
            self.assertEqual((status, f"<Code>{code}</Code>" in answer), (403, True), answer)

    def test_headers_are_bounded(self):
        self.assertEqual(self.send("GET", "/health", {f"X-{n}": "x" for n in range(200)})[0], 431)

    def test_by_a_clock_that_is_off(self):
        for minutes in (-16, 16):
            headers, body, _ = self.signed("late", minutes=minutes)
            self.refuses(403, "InvalidSignatureException", "late", headers, body)
        for minutes in (-14, 14):
            headers, body, _ = self.signed(f"near{minutes}", minutes=minutes)
            self.assertEqual(self.send("POST", "/", headers, body)[0], 200)

    def test_changed_on_the_way(self):
        headers, body, _ = self.signed("before")
        self.refuses(403, "InvalidSignatureException", "behind", headers, body.replace(b"before", b"behind"))
        changed = {**headers, "X-Amz-Target": f"{STATES}.ListStateMachines"}
        self.refuses(403, "InvalidSignatureException", "before", changed, body)
        self.refuses(403, "InvalidSignatureException", "before", headers, body, target="/?Action=X")

    def test_for_another_service(self):
        headers, body, _ = self.signed("service", service="events")
        status, answer = self.send("POST", "/", headers, body)
        self.assertGreaterEqual(status, 400, answer)
        self.assertNotIn("service", self.machines())

    def test_signatures_that_are_not_whole(self):
        headers, body, _ = self.signed("half")
        whole = headers["Authorization"]
        for part in ("Credential=", "SignedHeaders=", "Signature="):
            broken = {**headers, "Authorization": whole.replace(part, "X" + part)}
            self.refuses(403, "IncompleteSignature", "half", broken, body)
        for text in ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c", "AWS4-HMAC-SHA256 \xff"):
            self.refuses(403, "", "half", {**headers, "Authorization": text.encode("latin-1")}, body)

    def test_an_expired_query(self):
        """A presigned URL is good for as long as it says, and no longer."""
        for minutes, status in [(0, 200), (-61, 403)]:
            signer = QueryAt(
                Credentials(*(self.server.exports[n] for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))),
                "sts",
                REGION,
                expires=3600,
            )
            signer.shift = datetime.timedelta(minutes=minutes)
            query = urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"})
            request = AWSRequest("GET", f"{self.server.url}/?{query}")
            signer.add_auth(request)
            parts = urlsplit(request.url)
            seen, answer = self.send("GET", f"{parts.path}?{parts.query}")
            self.assertEqual(seen, status, answer)

    def test_a_session_of_a_role(self):
        """The keys that AssumeRole gives sign requests; a character changed in the token, and they do not."""
        self.client("iam").create_role(RoleName="visitor", AssumeRolePolicyDocument=TRUST)
        role = f"arn:aws:iam::{ACCOUNT}:role/visitor"
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
        key, secret, token = (given[n] for n in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
        who = self.server.client("sts", key, secret, token).get_caller_identity()
        self.assertEqual(who["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/visitor/me")
        other = token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]
        for broken in (other, None):
            headers, body, _ = self.signed("session", key=key, secret=secret, token=broken)
            self.refuses(403, "UnrecognizedClientException", "session", headers, body)

    def test_hosts(self):
        port = self.server.port
        for host in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "10.0.0.1"):
            headers, body, _ = self.signed("host")
            self.refuses(421, "Host", "host", {**headers, "Host": host}, body)
        for host in (None, "", [f"127.0.0.1:{port}", "localhost"]):
            headers, body, _ = self.signed("host")
            self.refuses(400, "", "host", {**headers, "Host": host}, body)
        for host in ("evil.example",):  # also where nothing is signed
            self.assertEqual(self.send("GET", "/health", {"Host": host})[0], 421)
        for host in (f"localhost:{port}", "a.localhost", f"[::1]:{port}", "127.0.0.1"):
            self.assertEqual(self.send("GET", "/health", {"Host": host})[0], 200, host)

    def test_pages_of_other_sites(self):
        for foreign in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": f"http://127.0.0.1:{self.server.port + 1}"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            headers, body, _ = self.signed("origin")
            self.refuses(403, "", "origin", {**headers, **foreign}, body)
        headers, body, _ = self.signed("own-page")
        own = {"Origin": self.server.url, "Sec-Fetch-Site": "same-origin"}
        self.assertEqual(self.send("POST", "/", {**headers, **own}, body)[0], 200)

    def test_bodies_are_bounded(self):
        headers, _, _ = self.signed("large")
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(link.close)
        link.putrequest("POST", "/", skip_accept_encoding=True)
        for name, value in {**headers, "Content-Length": str(64 << 20)}.items():
            link.putheader(name, value)
        link.endheaders()
        try:
            for _ in range(64):
                link.send(b" " * (1 << 20))
        except OSError:
            pass  # it has read enough, and answered
        self.assertEqual(link.getresponse().status, 413)

    def test_a_body_that_nobody_read_is_in_nobodys_way(self):
        """The connection ends where the next request on it would begin within that body, or where no `100 Continue`
        was sent to one who waits for it (botocore would misread the next answer). Else it stays."""
        headers, body, _ = self.signed("kept")
        wants = {"Expect": "100-continue"}
        wrong = {"Authorization": "Basic QVdTOndyb25n"}  # AWS:wrong
        for target, given, sent, status, stays in [
            ("/", headers, body, 200, True),
            ("/", {**headers, **wants}, body, 200, True),
            ("/v2/x/blobs/uploads/", wrong, b"", 401, False),
            ("/v2/x/blobs/uploads/", {**wrong, **wants}, b"", 401, False),
        ]:
            with self.subTest((target, status, "Expect" in given)):
                link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
                self.addCleanup(link.close)
                link.request("POST", target, sent, {**given, "Content-Length": str(len(body))})
                answer = link.getresponse()
                answer.read()
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.headers.get("Connection") != "close", stays)

    def test_nonsense_is_refused(self):
        """A request of the right signature with the wrong content."""
        for target, body, code in [
            (f"{STATES}.NoSuchOperation", b"{}", "UnknownOperationException"),
            (f"{STATES}.CreateStateMachine", b"{", "SerializationException"),
            (f"{STATES}.CreateStateMachine", b"\xff\xfe", "SerializationException"),
            (f"{STATES}.CreateStateMachine", b"[]", "SerializationException"),
            (f"{STATES}.ListStateMachines", b"[" * 100_000, "SerializationException"),
            (f"{STATES}.ListStateMachines", b'{"mistyped": 1}', "mistyped"),
        ]:
            status, answer = self.call(target, body)
            self.assertEqual((status, code in answer), (400, True), (target, body[:20], answer))

    def call(self, target, body):
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
        request = AWSRequest("POST", self.server.url + "/", headers=headers, data=body)
        keys = Credentials(*(self.server.exports[n] for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))
        SigV4Auth(keys, "states", REGION).add_auth(request)
        return self.send("POST", "/", dict(request.headers), body)

    def test_faces_without_signatures(self):
        """The registry and git ask for a password."""
        self.assertEqual(self.send("GET", "/v2/")[0], 401)
        self.assertEqual(self.send("GET", "/git/x.git/info/refs?service=git-upload-pack")[0], 401)
        basic = {"Authorization": "Basic QVdTOndyb25n"}  # AWS:wrong
        self.assertIn(self.send("GET", "/v2/", basic)[0], (401, 403))
        self.assertIn(self.send("GET", "/git/x.git/info/refs?service=git-upload-pack", basic)[0], (401, 403))

    def test_objects(self):
        """S3 speaks of it in XML."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket="guarded")
        s3.put_object(Bucket="guarded", Key="k", Body=b"kept")
        status, answer = self.send("PUT", "/guarded/k", body=b"lost")
        self.assertEqual((status, "AccessDenied" in answer), (403, True), answer)
        wrong = self.server.client("s3", secret="x" * 40)
        self.refused("SignatureDoesNotMatch", wrong.put_object, Bucket="guarded", Key="k", Body=b"lost")
        unknown = self.server.client("s3", key="AKIAXXXXXXXXXXXXXXXX")
        self.refused("InvalidAccessKeyId", unknown.put_object, Bucket="guarded", Key="k", Body=b"lost")
        self.assertEqual(s3.get_object(Bucket="guarded", Key="k")["Body"].read(), b"kept")

    def test_an_object_by_a_clock_that_is_off(self):
        class Skewed(At, S3SigV4Auth):
            shift = datetime.timedelta(minutes=-16)

        s3 = self.client("s3")
        s3.create_bucket(Bucket="skewed")
        keys = Credentials(*(self.server.exports[n] for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))
        request = AWSRequest("PUT", f"{self.server.url}/skewed/k", data=b"late")
        Skewed(keys, "s3", REGION).add_auth(request)
        status, answer = self.send("PUT", "/skewed/k", dict(request.headers), b"late")
        self.assertEqual((status, "RequestTimeTooSkewed" in answer), (403, True), answer)
        self.assertEqual(s3.list_objects_v2(Bucket="skewed")["KeyCount"], 0)


class OpenAccess(WithServer):
    """`--auth off`: any key will do, and one of twelve digits is an account."""

    flags = ("--auth", "off")

    def test_any_key(self):
        who = self.server.client("sts", "anything", "at-all").get_caller_identity()
        self.assertEqual(who["Account"], ACCOUNT)
        who = self.server.client("sts", "123456789012", "x").get_caller_identity()
        self.assertEqual(who["Account"], "123456789012")

    def test_accounts_are_apart(self):
        def states(account):
            return self.server.client("stepfunctions", account, "x")

        role = "arn:aws:iam::111111111111:role/x"
        states("111111111111").create_state_machine(name="mine", definition=DEFINITION, roleArn=role)
        self.assertEqual(states("222222222222").list_state_machines()["stateMachines"], [])
        self.assertEqual(len(states("111111111111").list_state_machines()["stateMachines"]), 1)

    def test_pages_of_other_sites_are_still_refused(self):
        for headers, status in [({"Origin": "https://evil.example"}, 403), ({"Host": "evil.example"}, 421)]:
            link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
            link.request("POST", "/", b"{}", {"Authorization": "AWS4-HMAC-SHA256 x", **headers})
            self.assertEqual(link.getresponse().status, status)
            link.close()


if __name__ == "__main__":
    unittest.main()
