"""The image registry: skopeo, uploads as docker makes them, ECR's API, and what a push tells."""

import base64
import hashlib
import http.client
import json
import shutil
import unittest
from urllib.parse import urlsplit

from harness import ACCOUNT, REGION, ROLE, WithServer, eventually, needs, paged, run

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Registry(WithServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ecr = cls.client("ecr")
        cls.login = cls.ecr.get_authorization_token()["authorizationData"][0]
        app = cls.directory / "app"
        app.mkdir()
        (app / "main.py").write_text("print('hello')\n")
        cls.built = cls.server.trainyard(
            *("image", "build", "--tag", f"{HOST}/apps:v1", "--app", f"{app}:/opt/app"),
            *("--entrypoint", "python3", "/opt/app/main.py", "--label", "org.opencontainers.image.revision=0123abc"),
        ).stdout.strip()

    def setUp(self):
        """A repository of the test's own, and a state machine that keeps what is told of its images."""
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.ecr.create_repository(repositoryName=self.me)
        self.kept = self.machine(self.me, {"Keep": {"Type": "Succeed"}})
        pattern = {"source": ["aws.ecr"], "detail-type": ["ECR Image Action"], "detail": {"repository-name": [self.me]}}
        events = self.client("events")
        events.put_rule(Name=self.me, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=self.me, Targets=[{"Id": "keep", "Arn": self.kept, "RoleArn": ROLE}])

    def told(self, count):
        """The details of the events told so far, once there are so many."""
        states = self.client("stepfunctions")

        def arrived():
            seen = states.list_executions(stateMachineArn=self.kept)["executions"]
            return seen if len(seen) >= count else None

        seen = eventually(arrived)
        self.assertEqual(len(seen), count)
        inputs = (states.describe_execution(executionArn=e["executionArn"])["input"] for e in seen)
        return [json.loads(text)["detail"] for text in inputs]

    def send(self, method, path, body=b"", headers=(), login=True):
        """One request to the registry's face: status, headers and body."""
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        given = {"Authorization": f"Basic {self.login['authorizationToken']}"} if login else {}
        parts = urlsplit(path)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        link.request(method, target, body, {**given, **dict(headers)})
        answer = link.getresponse()
        seen = answer.status, answer.headers, answer.read()
        link.close()
        return seen

    def blob(self, content, repository=None):
        """Pushes a blob in one piece; its descriptor's digest and size."""
        status, headers, _ = self.send("POST", f"/v2/{repository or self.me}/blobs/uploads/")
        self.assertEqual(status, 202)
        mark = "&" if "?" in headers["Location"] else "?"
        status, headers, said = self.send("PUT", f"{headers['Location']}{mark}digest={digest(content)}", content)
        self.assertEqual(status, 201, said)
        self.assertEqual(headers["Docker-Content-Digest"], digest(content))
        return {"digest": digest(content), "size": len(content)}

    def manifest(self, layer=b"layer"):
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}})
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **self.blob(config.encode())},
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **self.blob(layer)}],
            }
        ).encode()

    def put(self, reference, body, repository=None):
        return self.send("PUT", f"/v2/{repository or self.me}/manifests/{reference}", body, {"Content-Type": MANIFEST})

    def skopeo(self, *arguments, check=True):
        needs(shutil.which("skopeo"), "skopeo is missing")
        return run(["skopeo", *arguments], check=check)

    def credentials(self):
        return base64.b64decode(self.login["authorizationToken"]).decode()

    def test_the_login(self):
        self.assertTrue(self.credentials().startswith("AWS:"))
        self.assertEqual(self.login["proxyEndpoint"], self.server.url)
        status, headers, _ = self.send("GET", "/v2/", login=False)
        self.assertEqual(status, 401)
        self.assertTrue(headers["WWW-Authenticate"])
        self.assertEqual(self.send("GET", "/v2/")[0], 200)

    def test_a_built_image(self):
        """The same input gives the same digest; ECR knows what was pushed."""
        name = f"{HOST}/{self.me}:v1"
        app = self.directory / "app"
        again = self.server.trainyard(
            *("image", "build", "--tag", name, "--app", f"{app}:/opt/app"),
            *("--entrypoint", "python3", "/opt/app/main.py", "--label", "org.opencontainers.image.revision=0123abc"),
        ).stdout.strip()
        self.assertEqual(again, self.built)
        self.assertEqual(self.server.trainyard("image", "push", name).stdout.strip(), self.built)
        (image,) = self.ecr.describe_images(repositoryName=self.me)["imageDetails"]
        self.assertEqual((image["imageDigest"], image["imageTags"]), (self.built, ["v1"]))
        (told,) = self.told(1)
        self.assertEqual(
            {k: told[k] for k in ("action-type", "result", "repository-name", "image-tag", "image-digest")},
            {
                "action-type": "PUSH",
                "result": "SUCCESS",
                "repository-name": self.me,
                "image-tag": "v1",
                "image-digest": self.built,
            },
        )
        self.server.trainyard("image", "push", name)
        self.assertEqual(len(self.told(1)), 1, "nothing has moved")

    def test_skopeo(self):
        """Copied to a new tag, a known digest tells again; what is pulled is what was pushed."""
        name, there = f"{HOST}/{self.me}:v1", f"docker://127.0.0.1:{self.server.port}/{self.me}"
        app = self.directory / "app"
        pushed = self.server.trainyard(
            *("image", "build", "--tag", name, "--app", f"{app}:/srv", "--entrypoint", "python3", "/srv/main.py")
        ).stdout.strip()
        self.server.trainyard("image", "push", name)
        login = self.credentials()
        both = ("--src-creds", login, "--dest-creds", login, "--src-tls-verify=false", "--dest-tls-verify=false")
        self.skopeo("copy", *both, f"{there}:v1", f"{there}:v2")
        self.assertEqual({t["image-tag"] for t in self.told(2)}, {"v1", "v2"})
        self.assertEqual({t["image-digest"] for t in self.told(2)}, {pushed})
        one = ("--creds", login, "--tls-verify=false")
        tags = json.loads(self.skopeo("list-tags", *one, there).stdout)["Tags"]
        self.assertEqual(sorted(tags), ["v1", "v2"])
        shown = json.loads(self.skopeo("inspect", *one, f"{there}:v2").stdout)
        self.assertEqual(shown["Digest"], pushed)
        folder = self.directory / "pulled"
        self.skopeo("copy", "--src-creds", login, "--src-tls-verify=false", f"{there}:v2", f"dir:{folder}")
        self.assertEqual(digest((folder / "manifest.json").read_bytes()), pushed)
        self.skopeo("copy", "--dest-creds", login, "--dest-tls-verify=false", f"dir:{folder}", f"{there}:v3")
        self.assertEqual(len(self.told(3)), 3)
        wrong = self.skopeo("inspect", "--creds", "AWS:wrong", "--tls-verify=false", f"{there}:v1", check=False)
        self.assertNotEqual(wrong.returncode, 0)
        self.skopeo("delete", *one, f"{there}:v3")
        self.assertEqual(self.ecr.list_images(repositoryName=self.me)["imageIds"], [])

    def test_uploads_in_pieces(self):
        """As docker sends them: open, append, ask, append, close. A wrong digest leaves nothing."""
        content = bytes(range(256)) * 4096
        half = len(content) // 2
        status, headers, _ = self.send("POST", f"/v2/{self.me}/blobs/uploads/")
        place = headers["Location"]
        status, headers, _ = self.send(
            "PATCH", place, content[:half], {"Content-Type": "application/octet-stream"}
        )
        self.assertEqual((status, headers["Range"]), (202, f"0-{half - 1}"))
        place = headers["Location"]
        status, headers, _ = self.send("GET", place)
        self.assertEqual((status, headers["Range"]), (204, f"0-{half - 1}"))
        status, _, _ = self.send("PATCH", place, b"x", {"Content-Range": f"{half + 5}-{half + 5}"})
        self.assertEqual(status, 416, "out of order")
        status, headers, _ = self.send(
            "PATCH", place, content[half:], {"Content-Range": f"{half}-{len(content) - 1}"}
        )
        self.assertEqual(status, 202)
        place = headers["Location"]
        mark = "&" if "?" in place else "?"
        status, _, said = self.send("PUT", f"{place}{mark}digest={digest(b'other')}")
        self.assertEqual((status, b"DIGEST_INVALID" in said), (400, True), said)
        self.assertEqual(self.send("HEAD", f"/v2/{self.me}/blobs/{digest(content)}")[0], 404)
        self.assertEqual(self.send("HEAD", f"/v2/{self.me}/blobs/{digest(b'other')}")[0], 404)
        kept = self.blob(content)["digest"]
        status, headers, body = self.send("GET", f"/v2/{self.me}/blobs/{kept}")
        self.assertEqual((status, body == content, headers["Docker-Content-Digest"]), (200, True, kept))
        status, _, body = self.send("GET", f"/v2/{self.me}/blobs/{kept}", headers={"Range": "bytes=5-9"})
        self.assertEqual((status, body), (206, content[5:10]))

    def test_a_push_that_breaks_off(self):
        """Half a body, then the line is cut: nothing of it is seen."""
        content = b"z" * 100_000
        _, headers, _ = self.send("POST", f"/v2/{self.me}/blobs/uploads/")
        place = urlsplit(headers["Location"])
        link = http.client.HTTPConnection("127.0.0.1", self.server.port)
        query = f"{place.query}&" if place.query else ""
        link.putrequest("PUT", f"{place.path}?{query}digest={digest(content)}")
        link.putheader("Authorization", f"Basic {self.login['authorizationToken']}")
        link.putheader("Content-Length", str(len(content)))
        link.endheaders()
        link.send(content[:50_000])
        link.close()
        self.assertEqual(self.send("HEAD", f"/v2/{self.me}/blobs/{digest(content)}")[0], 404)
        self.blob(content)

    def test_mounts(self):
        """A blob of another repository is mounted, not sent again."""
        self.ecr.create_repository(repositoryName="mounted-from")
        kept = self.blob(b"shared", "mounted-from")["digest"]
        self.assertEqual(self.send("HEAD", f"/v2/{self.me}/blobs/{kept}")[0], 404)
        status, headers, _ = self.send("POST", f"/v2/{self.me}/blobs/uploads/?mount={kept}&from=mounted-from")
        self.assertEqual(status, 201)
        self.assertEqual(self.send("GET", f"/v2/{self.me}/blobs/{kept}")[2], b"shared")
        status, headers, _ = self.send(
            "POST", f"/v2/{self.me}/blobs/uploads/?mount={digest(b'none')}&from=mounted-from"
        )
        self.assertEqual(status, 202, "then it is to be uploaded")

    def test_manifests(self):
        body = self.manifest()
        status, headers, said = self.put("one", body)
        self.assertEqual((status, headers["Docker-Content-Digest"]), (201, digest(body)), said)
        status, headers, seen = self.send("GET", f"/v2/{self.me}/manifests/one")
        self.assertEqual((status, headers["Content-Type"], seen), (200, MANIFEST, body))
        self.assertEqual(self.send("GET", f"/v2/{self.me}/manifests/{digest(body)}")[2], body)
        for broken, code in [
            (b"{", b"MANIFEST_INVALID"),
            (body.replace(digest(b"layer").encode(), digest(b"none").encode()), b"BLOB_UNKNOWN"),
        ]:
            status, _, said = self.put("broken", broken)
            self.assertEqual((status // 100, code in said), (4, True), said)
        self.assertEqual(self.put(digest(b"another"), body)[0], 400)
        self.assertEqual(self.send("GET", f"/v2/{self.me}/manifests/broken")[0], 404)
        status, _, said = self.put("x", body, "no-such-repository")
        self.assertEqual((status, b"NAME_UNKNOWN" in said), (404, True), said)
        referrer = json.loads(body) | {
            "artifactType": "application/x-report",
            "subject": {"mediaType": MANIFEST, "digest": digest(body), "size": len(body)},
        }
        status, headers, _ = self.put(digest(json.dumps(referrer).encode()), json.dumps(referrer).encode())
        self.assertEqual((status, headers["OCI-Subject"]), (201, digest(body)))
        listed = json.loads(self.send("GET", f"/v2/{self.me}/referrers/{digest(body)}")[2])
        self.assertEqual([m["artifactType"] for m in listed["manifests"]], ["application/x-report"])
        self.assertEqual({told.get("image-tag") for told in self.told(2)}, {"one", None})

    def test_tags(self):
        body = self.manifest()
        for tag in ("c", "a", "b"):
            self.put(tag, body)
        status, headers, listed = self.send("GET", f"/v2/{self.me}/tags/list?n=2")
        self.assertEqual(json.loads(listed), {"name": self.me, "tags": ["a", "b"]})
        self.assertIn("last=b", headers["Link"])
        self.assertEqual(self.send("DELETE", f"/v2/{self.me}/manifests/a")[0], 202)
        self.assertEqual(json.loads(self.send("GET", f"/v2/{self.me}/tags/list")[2])["tags"], ["b", "c"])
        moved = self.manifest(b"another layer")
        self.put("b", moved)
        last = [told["image-digest"] for told in self.told(5) if told["action-type"] == "PUSH"]
        self.assertEqual(sorted(last), sorted([digest(body)] * 3 + [digest(moved)]), "a tag that moves tells")

    def test_ecr(self):
        made = self.ecr.describe_repositories(repositoryNames=[self.me])["repositories"][0]
        self.assertEqual(made["repositoryUri"], f"{HOST}/{self.me}")
        self.assertEqual(made["repositoryArn"], f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{self.me}")
        self.refused("RepositoryAlreadyExistsException", self.ecr.create_repository, repositoryName=self.me)
        self.refused("RepositoryNotFoundException", self.ecr.list_images, repositoryName="none")
        self.refused("InvalidParameterException", self.ecr.create_repository, repositoryName="No Name")
        for n in range(5):
            self.put(f"t{n}", self.manifest(b"%d" % n))
        images, pages = paged(self.ecr.list_images, "imageIds", repositoryName=self.me)
        self.assertEqual(({i["imageTag"] for i in images}, pages), ({f"t{n}" for n in range(5)}, 3))
        got = self.ecr.batch_get_image(repositoryName=self.me, imageIds=[{"imageTag": "t0"}, {"imageTag": "none"}])
        self.assertEqual(got["images"][0]["imageId"]["imageTag"], "t0")
        self.assertEqual(digest(got["images"][0]["imageManifest"].encode()), got["images"][0]["imageId"]["imageDigest"])
        self.assertEqual([f["failureCode"] for f in got["failures"]], ["ImageNotFound"])
        gone = self.ecr.batch_delete_image(repositoryName=self.me, imageIds=[{"imageTag": "t0"}])
        self.assertEqual(gone["imageIds"][0]["imageTag"], "t0")
        self.refused("ImageNotFoundException", self.ecr.describe_images, repositoryName=self.me, imageIds=[{"imageTag": "t0"}])
        self.refused("RepositoryNotEmptyException", self.ecr.delete_repository, repositoryName=self.me)
        self.ecr.delete_repository(repositoryName=self.me, force=True)
        self.refused("RepositoryNotFoundException", self.ecr.describe_repositories, repositoryNames=[self.me])
        names, pages = paged(self.ecr.describe_repositories, "repositories")
        self.assertGreaterEqual(pages, 1)

    def test_what_was_pushed_survives(self):
        """kill -9 after the answer: the image is there, and it is told once."""
        body = self.manifest()
        self.assertEqual(self.put("kept", body)[0], 201)
        self.server.kill()
        self.server.start()
        self.assertEqual(self.send("GET", f"/v2/{self.me}/manifests/kept")[2], body)
        self.assertEqual(self.send("GET", f"/v2/{self.me}/blobs/{digest(b'layer')}")[2], b"layer")
        self.assertEqual([told["image-tag"] for told in self.told(1)], ["kept"])

    def test_by_the_aws_cli(self):
        password = run(["aws", "ecr", "get-login-password"], env=self.server.environment()).stdout.strip()
        self.assertEqual(f"AWS:{password}".split(":")[0], "AWS")
        basic = base64.b64encode(f"AWS:{password}".encode()).decode()
        seen = self.send("GET", "/v2/", headers={"Authorization": f"Basic {basic}"}, login=False)
        self.assertEqual(seen[0], 200)
        shown = self.server.aws("ecr", "describe-repositories", "--repository-names", self.me)
        self.assertEqual(shown["repositories"][0]["repositoryName"], self.me)


if __name__ == "__main__":
    unittest.main()
