"""S3 by boto3 and the `aws` CLI: buckets, objects, ranges, conditions, checksums, multipart, copies, listings, presigned
URLs; and that what was acknowledged survives a kill."""

import base64
import hashlib
import os
import socket
import unittest
import unittest.mock
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zlib

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from harness import WithServer, run

MIB = 1024 * 1024
PLAIN = Config(
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    retries={"max_attempts": 1},
)


def client(**settings):
    config = Config(retries={"max_attempts": 1}).merge(settings.pop("config", Config()))
    return boto3.client("s3", config=config, **settings)


class Base(WithServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.like_a_shell()

    def setUp(self):
        self.s3 = client()
        self.bucket = f"test-{uuid.uuid4()}"
        self.s3.create_bucket(Bucket=self.bucket)

    def tearDown(self):
        for upload in self.s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", []):
            self.s3.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
            if keys:
                answer = self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": keys})
                self.assertEqual(answer.get("Errors", []), [])
        self.s3.delete_bucket(Bucket=self.bucket)

    def put(self, key, body=b"x", **more):
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **more)

    def get(self, key, **more):
        return self.s3.get_object(Bucket=self.bucket, Key=key, **more)

    def refused(self, code, call, **arguments):
        """As elsewhere, and gives the whole answer."""
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response


class Buckets(Base):
    def test_life(self):
        self.assertIn(self.bucket, [b["Name"] for b in self.s3.list_buckets()["Buckets"]])
        self.assertEqual(self.s3.head_bucket(Bucket=self.bucket)["BucketRegion"], self.s3.meta.region_name)
        self.assertIsNone(self.s3.get_bucket_location(Bucket=self.bucket)["LocationConstraint"])
        self.put("a")
        self.refused("BucketNotEmpty", self.s3.delete_bucket, Bucket=self.bucket)
        self.refused("404", self.s3.head_bucket, Bucket="none-" + self.bucket[:40])
        self.refused("NoSuchBucket", self.s3.list_objects_v2, Bucket="none-" + self.bucket[:40])
        self.refused("NoSuchBucket", self.s3.put_object, Bucket="none-" + self.bucket[:40], Key="a", Body=b"x" * MIB)

    def test_names(self):
        for name in ["git", "metrics", "health", "hooks"]:
            self.refused("InvalidBucketName", self.s3.create_bucket, Bucket=name)
        for call in [self.s3.create_bucket, self.s3.list_objects_v2]:
            answer = self.refused("InvalidBucketName", call, Bucket="ab")
            self.assertEqual(answer["Error"]["Message"], "The specified bucket is not valid.")

    def test_regions(self):
        name = f"test-{uuid.uuid4()}"
        west = client(region_name="us-west-2")
        west.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        self.assertEqual(west.get_bucket_location(Bucket=name)["LocationConstraint"], "us-west-2")
        self.refused(
            "BucketAlreadyOwnedByYou",
            west.create_bucket,
            Bucket=name,
            CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
        )
        west.delete_bucket(Bucket=name)


class Objects(Base):
    def test_round_trip(self):
        body = os.urandom(3 * MIB + 17)
        put = self.put(
            "dir/ü +&%.bin",
            body,
            ContentType="text/csv",
            Metadata={"commit": "c0ffee"},
            CacheControl="no-cache",
            ContentEncoding="identity",
            ContentDisposition="attachment",
            ContentLanguage="en",
        )
        self.assertEqual(put["ETag"], f'"{hashlib.md5(body).hexdigest()}"')
        got = self.get("dir/ü +&%.bin")
        self.assertEqual(got["Body"].read(), body)
        head = self.s3.head_object(Bucket=self.bucket, Key="dir/ü +&%.bin")
        for answer in (got, head):
            self.assertEqual(answer["ContentLength"], len(body))
            self.assertEqual(answer["ContentType"], "text/csv")
            self.assertEqual(answer["Metadata"], {"commit": "c0ffee"})
            self.assertEqual(answer["CacheControl"], "no-cache")
            self.assertEqual(answer["ContentDisposition"], "attachment")
            self.assertEqual(answer["ContentLanguage"], "en")
            self.assertEqual(answer["ETag"], put["ETag"])
            self.assertIn("LastModified", answer)

    def test_empty_and_overwritten(self):
        self.put("a", b"")
        self.assertEqual(self.get("a")["Body"].read(), b"")
        self.assertEqual(self.get("a")["ContentType"], "binary/octet-stream")
        self.put("a", b"two")
        self.assertEqual(self.get("a")["Body"].read(), b"two")
        self.s3.delete_object(Bucket=self.bucket, Key="a")
        self.s3.delete_object(Bucket=self.bucket, Key="a")
        self.refused("NoSuchKey", self.get, key="a")
        self.refused("404", self.s3.head_object, Bucket=self.bucket, Key="a")

    def test_empty_then_full(self):
        """On one connection: botocore expects `100 Continue` before it sends a body, be it an empty one."""
        s3 = client(config=Config(read_timeout=10, retries={"total_max_attempts": 1}))
        for body in (b"", b"", b"full" * 1000, b"", b"full"):
            s3.put_object(Bucket=self.bucket, Key="a", Body=body)
            self.assertEqual(s3.get_object(Bucket=self.bucket, Key="a")["Body"].read(), body)

    def test_ranges(self):
        self.put("a", b"0123456789")
        for text, expect, content_range in [
            ("bytes=0-0", b"0", "bytes 0-0/10"),
            ("bytes=2-4", b"234", "bytes 2-4/10"),
            ("bytes=7-", b"789", "bytes 7-9/10"),
            ("bytes=-3", b"789", "bytes 7-9/10"),
            ("bytes=5-99", b"56789", "bytes 5-9/10"),
        ]:
            got = self.get("a", Range=text)
            self.assertEqual((got["Body"].read(), got["ContentRange"]), (expect, content_range))
            self.assertEqual(got["ResponseMetadata"]["HTTPStatusCode"], 206)
        self.refused("InvalidRange", self.get, key="a", Range="bytes=10-")

    def test_conditional_reads(self):
        etag = self.put("a")["ETag"]
        modified = self.get("a")["LastModified"]
        self.get("a", IfMatch=etag)
        self.refused("PreconditionFailed", self.get, key="a", IfMatch='"other"')
        self.refused("304", self.get, key="a", IfNoneMatch=etag)
        self.refused("304", self.get, key="a", IfModifiedSince=modified)
        self.get("a", IfUnmodifiedSince=modified)

    def test_conditional_writes(self):
        etag = self.put("a", IfNoneMatch="*")["ETag"]
        self.refused("PreconditionFailed", self.put, key="a", IfNoneMatch="*")
        self.refused("PreconditionFailed", self.put, key="a", IfMatch='"other"')
        self.put("a", b"new", IfMatch=etag)
        self.refused("NoSuchKey", self.put, key="none", IfMatch=etag)
        self.assertEqual(self.get("a")["Body"].read(), b"new")

    def test_checksums(self):
        body = b"some bytes" * 1000
        expect = {
            "CRC32": base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode(),
            "SHA1": base64.b64encode(hashlib.sha1(body).digest()).decode(),
            "SHA256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
        }
        for algorithm, value in expect.items():
            member = f"Checksum{algorithm}"
            self.assertEqual(self.put("a", body, ChecksumAlgorithm=algorithm)[member], value)
            got = self.get("a", ChecksumMode="ENABLED")
            self.assertEqual((got[member], got["Body"].read()), (value, body))
            wrong = expect[algorithm].swapcase()
            self.refused("BadDigest", self.put, key="a", body=body, **{member: wrong})
        md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
        plain = client(config=PLAIN)
        plain.put_object(Bucket=self.bucket, Key="a", Body=body, ContentMD5=md5)
        self.refused(
            "BadDigest", plain.put_object, Bucket=self.bucket, Key="a", Body=b"other", ContentMD5=md5
        )
        self.assertEqual(self.get("a")["Body"].read(), body)

    def test_refused_by_name(self):
        for more, name in [
            ({"Tagging": "a=b"}, "x-amz-tagging"),
            ({"ACL": "public-read"}, "x-amz-acl"),
            ({"StorageClass": "GLACIER"}, "x-amz-storage-class"),
            ({"SSEKMSKeyId": "k", "ServerSideEncryption": "aws:kms"}, "x-amz-server-side-encryption-aws-kms-key-id"),
        ]:
            refused = self.refused("NotImplemented", self.put, key="a", **more)
            self.assertIn(name, refused["Error"]["Message"])
        self.refused("NotImplemented", self.s3.get_object_tagging, Bucket=self.bucket, Key="a")
        self.refused("AccessDenied", self.put, key="a", ExpectedBucketOwner="999999999999")
        self.put("a", ServerSideEncryption="aws:kms", ACL="private")

    def test_delete_many(self):
        keys = [f"k{n}" for n in range(50)]
        for key in keys:
            self.put(key)
        answer = self.s3.delete_objects(
            Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in keys + ["none"]]}
        )
        self.assertEqual(len(answer["Deleted"]), 51)
        self.assertEqual(self.s3.list_objects_v2(Bucket=self.bucket)["KeyCount"], 0)


class Copies(Base):
    def test_copy(self):
        self.put("a", b"bytes", ContentType="text/csv", Metadata={"a": "1"})
        source = {"Bucket": self.bucket, "Key": "a"}
        self.s3.copy_object(Bucket=self.bucket, Key="b ü", CopySource=source)
        self.s3.copy_object(
            Bucket=self.bucket, Key="c", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"}
        )
        self.s3.delete_object(Bucket=self.bucket, Key="a")
        self.assertEqual(self.get("b ü")["Body"].read(), b"bytes")
        self.assertEqual(self.get("b ü")["Metadata"], {"a": "1"})
        self.assertEqual(self.get("c")["Metadata"], {"b": "2"})
        itself = {"Bucket": self.bucket, "Key": "c"}
        self.refused("InvalidRequest", self.s3.copy_object, Bucket=self.bucket, Key="c", CopySource=itself)
        self.refused("NoSuchKey", self.s3.copy_object, Bucket=self.bucket, Key="d", CopySource=source)


class Uploads(Base):
    def begin(self, key="m", **more):
        return self.s3.create_multipart_upload(Bucket=self.bucket, Key=key, **more)["UploadId"]

    def part(self, upload, number, body, key="m", **more):
        answer = self.s3.upload_part(
            Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=body, **more
        )
        return {"PartNumber": number, **{k: v for k, v in answer.items() if k == "ETag" or k.startswith("Checksum")}}

    def complete(self, upload, parts, key="m", **more):
        return self.s3.complete_multipart_upload(
            Bucket=self.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, **more
        )

    def test_parts(self):
        one, two = os.urandom(5 * MIB), os.urandom(MIB)
        upload = self.begin(Metadata={"a": "1"}, ContentType="application/x-tar")
        parts = [self.part(upload, 2, two), self.part(upload, 1, one)]
        listed = self.s3.list_parts(Bucket=self.bucket, Key="m", UploadId=upload)["Parts"]
        self.assertEqual([part["Size"] for part in listed], [5 * MIB, MIB])
        self.assertEqual(self.s3.list_multipart_uploads(Bucket=self.bucket)["Uploads"][0]["UploadId"], upload)
        self.refused("InvalidPartOrder", self.complete, upload=upload, parts=parts)
        self.refused("InvalidPart", self.complete, upload=upload, parts=[{"PartNumber": 7, "ETag": '"x"'}])
        done = self.complete(upload, parts[::-1])
        digest = hashlib.md5(hashlib.md5(one).digest() + hashlib.md5(two).digest()).hexdigest()
        self.assertEqual(done["ETag"], f'"{digest}-2"')
        self.assertEqual(self.complete(upload, parts[::-1])["ETag"], done["ETag"])
        got = self.get("m")
        self.assertEqual((got["Body"].read(), got["Metadata"]), (one + two, {"a": "1"}))
        piece = self.get("m", Range=f"bytes={5 * MIB - 3}-{5 * MIB + 2}")["Body"].read()
        self.assertEqual(piece, one[-3:] + two[:3])
        part = self.get("m", PartNumber=2)
        self.assertEqual((part["Body"].read(), part["PartsCount"]), (two, 2))
        self.refused("NoSuchUpload", self.part, upload=upload, number=3, body=b"x")

    def test_abort_and_too_small(self):
        upload = self.begin()
        parts = [self.part(upload, 1, b"small"), self.part(upload, 2, b"x")]
        self.refused("EntityTooSmall", self.complete, upload=upload, parts=parts)
        self.s3.abort_multipart_upload(Bucket=self.bucket, Key="m", UploadId=upload)
        self.refused("NoSuchUpload", self.complete, upload=upload, parts=parts)
        self.refused("NoSuchKey", self.get, key="m")

    def test_checksums(self):
        one, two = os.urandom(5 * MIB), os.urandom(10)
        for kind in ["COMPOSITE", "FULL_OBJECT"]:
            upload = self.begin(ChecksumAlgorithm="CRC32", ChecksumType=kind)
            parts = [self.part(upload, n, body, ChecksumAlgorithm="CRC32") for n, body in [(1, one), (2, two)]]
            done = self.complete(upload, parts)
            if kind == "FULL_OBJECT":
                value = base64.b64encode(zlib.crc32(one + two).to_bytes(4, "big")).decode()
            else:
                sums = b"".join(zlib.crc32(body).to_bytes(4, "big") for body in (one, two))
                value = base64.b64encode(zlib.crc32(sums).to_bytes(4, "big")).decode() + "-2"
            self.assertEqual((done["ChecksumCRC32"], done["ChecksumType"]), (value, kind))
            self.assertEqual(self.get("m", ChecksumMode="ENABLED")["Body"].read(), one + two)

    def test_copied_parts(self):
        body = os.urandom(6 * MIB)
        self.put("source", body)
        upload = self.begin()
        parts = []
        for number, where in [(1, "bytes=0-5242879"), (2, f"bytes=5242880-{len(body) - 1}")]:
            answer = self.s3.upload_part_copy(
                Bucket=self.bucket,
                Key="m",
                UploadId=upload,
                PartNumber=number,
                CopySource={"Bucket": self.bucket, "Key": "source"},
                CopySourceRange=where,
            )
            parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
        self.complete(upload, parts)
        self.assertEqual(self.get("m")["Body"].read(), body)

    def test_transfer(self):
        """What `upload_file` and `download_file` do: many parts at once."""
        import io

        body = os.urandom(20 * MIB)
        self.s3.upload_fileobj(io.BytesIO(body), self.bucket, "big")
        got = io.BytesIO()
        self.s3.download_fileobj(self.bucket, "big", got)
        self.assertEqual(got.getvalue(), body)


class Listings(Base):
    KEYS = ["a", "b/1", "b/2", "b/c/3", "d e+f", "é/1"]

    def setUp(self):
        super().setUp()
        for key in self.KEYS:
            self.put(key)

    def pages(self, operation, **arguments):
        keys, folders = [], []
        for page in self.s3.get_paginator(operation).paginate(Bucket=self.bucket, **arguments):
            keys += [entry["Key"] for entry in page.get("Contents", [])]
            folders += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
        return keys, folders

    def test_both_versions(self):
        for operation in ["list_objects_v2", "list_objects"]:
            for size in [1, 2, 1000]:
                page = {"PageSize": size}
                self.assertEqual(self.pages(operation, PaginationConfig=page), (self.KEYS, []))
                self.assertEqual(
                    self.pages(operation, Delimiter="/", PaginationConfig=page), (["a", "d e+f"], ["b/", "é/"])
                )
                self.assertEqual(
                    self.pages(operation, Delimiter="/", Prefix="b/", PaginationConfig=page),
                    (["b/1", "b/2"], ["b/c/"]),
                )
        after = self.s3.list_objects_v2(Bucket=self.bucket, StartAfter="b/2")
        self.assertEqual([entry["Key"] for entry in after["Contents"]], self.KEYS[3:])
        self.assertEqual(self.s3.list_objects_v2(Bucket=self.bucket, MaxKeys=0)["KeyCount"], 0)


class Access(Base):
    def fetch(self, url, method="GET", data=None, headers=None):
        request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def test_presigned(self):
        self.put("a b", b"bytes")
        params = {"Bucket": self.bucket, "Key": "a b"}
        url = self.s3.generate_presigned_url("get_object", params)
        self.assertEqual(self.fetch(url), (200, b"bytes"))
        self.assertEqual(self.fetch(url.replace("a%20b", "other"))[0], 403)
        self.assertEqual(self.fetch(url[:-1] + ("0" if url[-1] != "0" else "1"))[0], 403)
        v4 = boto3.client("s3", config=Config(signature_version="s3v4"))
        url = v4.generate_presigned_url("put_object", {"Bucket": self.bucket, "Key": "up"}, ExpiresIn=60)
        self.assertEqual(self.fetch(url, "PUT", b"put")[0], 200)
        self.assertEqual(self.get("up")["Body"].read(), b"put")
        typed = {"Bucket": self.bucket, "Key": "up", "ResponseContentType": "text/html"}
        url = v4.generate_presigned_url("get_object", typed)
        with urllib.request.urlopen(url) as answer:
            self.assertEqual(answer.headers["content-type"], "text/html")

    def test_anonymous_and_foreign(self):
        self.put("a")
        url = f"{self.s3.meta.endpoint_url}/{self.bucket}/a"
        status, body = self.fetch(url)
        self.assertEqual(status, 403)
        self.assertIn(b"<Code>AccessDenied</Code>", body)
        wrong = client(aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], aws_secret_access_key="wrong")
        self.refused("SignatureDoesNotMatch", wrong.get_object, Bucket=self.bucket, Key="a")
        nobody = client(aws_access_key_id="AKIANOBODYNOBODY", aws_secret_access_key="wrong")
        self.refused("InvalidAccessKeyId", nobody.get_object, Bucket=self.bucket, Key="a")

    def test_sessions(self):
        sts = boto3.client("sts")
        account = sts.get_caller_identity()["Account"]
        session = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/r", RoleSessionName="job-1")["Credentials"]
        keys = {
            "aws_access_key_id": session["AccessKeyId"],
            "aws_secret_access_key": session["SecretAccessKey"],
        }
        mine = client(aws_session_token=session["SessionToken"], **keys)
        mine.put_object(Bucket=self.bucket, Key="a", Body=b"mine")
        url = mine.generate_presigned_url("get_object", {"Bucket": self.bucket, "Key": "a"})
        self.assertEqual(self.fetch(url), (200, b"mine"))
        self.refused("InvalidAccessKeyId", client(**keys).get_object, Bucket=self.bucket, Key="a")
        forged = client(aws_session_token=session["SessionToken"] + "x", **keys)
        self.refused("InvalidAccessKeyId", forged.get_object, Bucket=self.bucket, Key="a")

    def test_virtual_hosts(self):
        self.put("a/b", b"bytes")
        port = self.s3.meta.endpoint_url.rsplit(":", 1)[1]
        host = client(
            endpoint_url=f"http://localhost:{port}", config=Config(s3={"addressing_style": "virtual"})
        )
        resolve = socket.getaddrinfo

        def resolve_localhost(name, *more, **named):
            """Names below localhost, which not every machine resolves."""
            return resolve("127.0.0.1" if str(name).endswith("localhost") else name, *more, **named)

        with unittest.mock.patch("socket.getaddrinfo", resolve_localhost):
            got = host.get_object(Bucket=self.bucket, Key="a/b")
        self.assertEqual(got["Body"].read(), b"bytes")


class Commands(Base):
    """`aws s3`."""

    def aws(self, *arguments, **more):
        return run(["aws", *arguments], env=self.server.environment(), cwd=self.directory, **more)

    def test_copies_there_and_back(self):
        for name, size in [("small.txt", 11), ("none", 0), ("large.bin", 20 * MIB)]:
            body = os.urandom(size)
            (self.directory / name).write_bytes(body)
            self.aws("s3", "cp", "--quiet", name, f"s3://{self.bucket}/dir/{name}")
            self.aws("s3", "cp", "--quiet", f"s3://{self.bucket}/dir/{name}", f"back of {name}")
            self.assertEqual((self.directory / f"back of {name}").read_bytes(), body)
        self.assertTrue(self.s3.head_object(Bucket=self.bucket, Key="dir/large.bin")["ETag"].endswith('-3"'))
        listed = self.aws("s3", "ls", f"s3://{self.bucket}/dir/").stdout.splitlines()
        self.assertEqual([line.split()[-1] for line in listed], ["large.bin", "none", "small.txt"])
        self.assertEqual(self.aws("s3", "ls", f"s3://{self.bucket}").stdout.split(), ["PRE", "dir/"])
        self.aws("s3", "rm", "--quiet", "--recursive", f"s3://{self.bucket}/dir/")
        self.assertEqual(self.s3.list_objects_v2(Bucket=self.bucket)["KeyCount"], 0)

    def test_streams_and_folders(self):
        shown = self.aws("s3", "cp", "-", f"s3://{self.bucket}/piped", input="from a pipe")
        shown = self.aws("s3", "cp", f"s3://{self.bucket}/piped", "-")
        self.assertEqual(shown.stdout, "from a pipe")
        folder = self.directory / "folder"
        for name in ("a.txt", "b/c.txt", "b/d ü.txt"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
            # S3 counts whole seconds: a file of the second of its upload would seem newer than its object.
            os.utime(folder / name, (1_700_000_000, 1_700_000_000))
        self.aws("s3", "sync", "--quiet", "folder", f"s3://{self.bucket}/f")
        self.assertEqual(self.aws("s3", "sync", "folder", f"s3://{self.bucket}/f").stdout, "", "nothing is new")
        self.aws("s3", "mv", "--quiet", f"s3://{self.bucket}/f/a.txt", f"s3://{self.bucket}/f/z.txt")
        self.aws("s3", "sync", "--quiet", f"s3://{self.bucket}/f", "other")
        found = {str(f.relative_to(self.directory / "other")) for f in (self.directory / "other").rglob("*.txt")}
        self.assertEqual(found, {"z.txt", "b/c.txt", "b/d ü.txt"})
        url = self.aws("s3", "presign", f"s3://{self.bucket}/f/z.txt").stdout.strip()
        with urllib.request.urlopen(url) as answer:
            self.assertEqual(answer.read(), b"a.txt")

    def test_errors(self):
        missing = self.aws("s3", "cp", f"s3://{self.bucket}/none", "none", check=False)
        self.assertEqual((missing.returncode, "404" in missing.stderr), (1, True), missing.stderr)
        missing = self.aws("s3api", "get-object", "--bucket", self.bucket, "--key", "none", "none", check=False)
        self.assertIn("NoSuchKey", missing.stderr)


class Crashes(Base):
    def test_what_is_acknowledged_survives(self):
        """kill -9 after the answers; an upload goes on; half a body leaves nothing."""
        bodies = {f"k{n}": os.urandom(10_000 * n) for n in range(10)}
        for key, body in bodies.items():
            self.put(key, body)
        upload = self.s3.create_multipart_upload(Bucket=self.bucket, Key="m")["UploadId"]
        one = os.urandom(5 * MIB)
        part = {"Bucket": self.bucket, "Key": "m", "UploadId": upload}
        first = self.s3.upload_part(**part, PartNumber=1, Body=one)["ETag"]
        half = self.s3.generate_presigned_url("put_object", {"Bucket": self.bucket, "Key": "half"})
        parts = urllib.parse.urlsplit(half)
        with socket.create_connection(("127.0.0.1", self.server.port)) as link:
            head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 1000\r\n\r\n"
            link.sendall(head.encode() + b"x" * 500)
            self.server.kill()
        self.server.start()
        for key, body in bodies.items():
            self.assertEqual(self.get(key)["Body"].read(), body)
        second = self.s3.upload_part(**part, PartNumber=2, Body=b"end")["ETag"]
        made = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
        self.s3.complete_multipart_upload(**part, MultipartUpload={"Parts": made})
        self.assertEqual(self.get("m")["Body"].read(), one + b"end")
        self.refused("NoSuchKey", self.get, key="half")


if __name__ == "__main__":
    unittest.main()
