"""SageMaker endpoints, by boto3: they come up, answer, are updated without dropping a request, heal, and outlive us."""

import functools
import io
import json
import pathlib
import tarfile
import threading
import unittest

from harness import ACCOUNT, REGION, ROLE, Ledger, WithServer, eventually, isolation, needs, paged

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/serve:v1"
PROGRAMS = pathlib.Path(__file__).parent / "programs"


class Serving(WithServer):
    """A server with an image that serves, and models for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sagemaker, cls.s3 = cls.client("sagemaker"), cls.client("s3")
        cls.ledger = Ledger()
        cls.addClassCleanup(cls.ledger.close)
        cls.client("ecr").create_repository(repositoryName="serve")
        cls.s3.create_bucket(Bucket="models")
        entry = "python3 /opt/program/model.py"
        cls.server.trainyard(
            "image", "build", "--tag", IMAGE, "--app", f"{PROGRAMS}:/opt/program", "--entrypoint", entry
        )
        cls.server.trainyard("image", "push", IMAGE)
        for text in ("one", "two"):
            cls.model(text, {"model.txt": text})
            cls.configuration_of(text, [("AllTraffic", text, 1)])
        cls.model("broken", {"other.txt": "not a model"})
        cls.configuration_of("broken", [("AllTraffic", "broken", 1)])

    @classmethod
    def model(cls, name, files):
        body = io.BytesIO()
        with tarfile.open(fileobj=body, mode="w:gz") as tar:
            for file, text in files.items():
                entry = tarfile.TarInfo(file)
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text.encode()))
        cls.s3.put_object(Bucket="models", Key=f"{name}.tar.gz", Body=body.getvalue())
        cls.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={
                "Image": IMAGE,
                "ModelDataUrl": f"s3://models/{name}.tar.gz",
                "Environment": {"LEDGER": cls.ledger.url},
            },
        )

    @classmethod
    def configuration_of(cls, name, variants):
        cls.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": variant,
                    "ModelName": model,
                    "InitialInstanceCount": 1,
                    "InstanceType": "ml.t2.medium",
                    "InitialVariantWeight": weight,
                }
                for variant, model, weight in variants
            ],
        )

    def setUp(self):
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]

    def tearDown(self):
        for endpoint in self.sagemaker.list_endpoints()["Endpoints"]:
            self.sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])
        eventually(lambda: not self.sagemaker.list_endpoints()["Endpoints"])

    def create(self, configuration="one"):
        self.sagemaker.create_endpoint(EndpointName=self.me, EndpointConfigName=configuration)
        return self.settled()

    def update(self, configuration):
        self.sagemaker.update_endpoint(EndpointName=self.me, EndpointConfigName=configuration)
        return self.settled()

    def settled(self, status="InService"):
        def at_rest():
            seen = self.sagemaker.describe_endpoint(EndpointName=self.me)
            return seen if seen["EndpointStatus"] in ("InService", "Failed") else None

        seen = eventually(at_rest, timeout=90)
        self.assertEqual(seen["EndpointStatus"], status, seen.get("FailureReason"))
        return seen

    def invoke(self, body, **more):
        """The body of the answer."""
        runtime = self.client("sagemaker-runtime")
        return runtime.invoke_endpoint(EndpointName=self.me, Body=body, **more)["Body"].read()

    def who(self, body=b"who"):
        """Which model answered, and which run of its program."""
        told = json.loads(self.invoke(body))
        return told["model"], told["run"]


class Contract:
    """What holds with isolation and without."""

    def test_requests(self):
        seen = self.create()
        self.assertEqual(seen["EndpointArn"], f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/{self.me}")
        self.assertEqual(seen["EndpointConfigName"], "one")
        self.assertEqual([v["VariantName"] for v in seen["ProductionVariants"]], ["AllTraffic"])
        answer = self.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=self.me,
            Body=bytes(range(256)) * 1000,
            ContentType="application/octet-stream",
            Accept="text/x-test",
            CustomAttributes="there",
        )
        self.assertEqual(answer["Body"].read(), bytes(range(256)) * 1000)
        self.assertEqual((answer["ContentType"], answer["InvokedProductionVariant"]), ("text/x-test", "AllTraffic"))
        self.assertEqual(answer["CustomAttributes"], "there and back")
        for status in (400, 503):
            said = self.refused(
                "ModelError",
                self.client("sagemaker-runtime").invoke_endpoint,
                EndpointName=self.me,
                Body=b"refuse %d" % status,
            )
            self.assertIn("not with me", said)
        self.refused(
            "ValidationError", self.client("sagemaker-runtime").invoke_endpoint, EndpointName="nowhere", Body=b"x"
        )
        group = f"/aws/sagemaker/Endpoints/{self.me}"
        logs = self.client("logs")
        eventually(lambda: logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"])
        find = lambda: logs.filter_log_events(logGroupName=group, filterPattern="serving")["events"]  # noqa: E731
        self.assertEqual([event["message"] for event in eventually(find)], ["serving one"])

    def test_an_update_drops_no_request(self):
        """Threads ask without a pause while the endpoint is updated there and back: every answer is right. A request
        that is held from before the update is answered by the model it reached."""
        self.create()
        held, answers, stop = [], [], threading.Event()
        holder = threading.Thread(target=lambda: held.append(self.who(b"wait update")))
        holder.start()
        self.ledger.wait_for("update:held")

        def ask():
            runtime = self.server.client("sagemaker-runtime")
            while not stop.is_set():
                try:
                    answer = runtime.invoke_endpoint(EndpointName=self.me, Body=b"who")
                    answers.append(json.loads(answer["Body"].read())["model"])
                except Exception as error:  # noqa: BLE001: whatever it is, it is a request that was dropped
                    answers.append(repr(error))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            self.update("two")
            eventually(lambda: answers[-1] == "two")
            self.update("one")
            eventually(lambda: answers[-1] == "one")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            self.ledger.open("update")
            holder.join()
        self.assertEqual(set(answers), {"one", "two"})
        self.assertEqual(held[0][0], "one")

    def test_a_failed_update_keeps_the_old(self):
        self.create()
        before = self.who()
        seen = self.update("broken")
        self.assertEqual(seen["EndpointConfigName"], "one")
        self.assertIn("AllTraffic", seen["FailureReason"])
        self.assertEqual(self.who(), before, "not even its process has changed")
        self.update("two")
        self.assertEqual(self.who()[0], "two")

    def test_what_cannot_come_up(self):
        self.sagemaker.create_endpoint(EndpointName=self.me, EndpointConfigName="broken")
        seen = self.settled("Failed")
        self.assertTrue(seen["FailureReason"])
        self.refused(
            "ValidationError", self.client("sagemaker-runtime").invoke_endpoint, EndpointName=self.me, Body=b"x"
        )

    def test_a_crash_is_healed(self):
        """The process dies in the middle of a request; another takes its place, unasked."""
        self.create()
        before = self.who()
        with self.assertRaises(Exception):
            self.invoke(b"die")

        def answers():
            try:
                return self.who()
            except self.client("sagemaker-runtime").exceptions.ClientError:
                return None

        model, run = eventually(answers)
        self.assertEqual(model, "one")
        self.assertNotEqual(run, before[1])

    def test_it_outlives_the_server(self):
        """kill -9: the same process goes on and is found again. Ctrl-C: it ends, and comes back."""
        self.create()
        before = self.who()
        self.server.kill()
        self.server.start()
        self.settled()
        self.assertEqual(eventually(self.answered), before)
        self.server.stop()
        self.server.start()
        model, run = eventually(self.answered)
        self.assertEqual(model, "one")
        self.assertNotEqual(run, before[1])

    def test_one_that_cannot_come_back_says_why(self):
        """Its image is gone when its process dies: the endpoint says so, and heals when the image is there again."""
        self.create()
        describe = functools.partial(self.sagemaker.describe_endpoint, EndpointName=self.me)
        self.client("ecr").batch_delete_image(repositoryName="serve", imageIds=[{"imageTag": "v1"}])
        self.addCleanup(self.server.trainyard, "image", "push", IMAGE)
        with self.assertRaises(Exception):
            self.invoke(b"die")

        def down():
            seen = describe()
            return seen if "cannot be brought back" in seen.get("FailureReason", "") else None

        said = eventually(down)
        self.assertEqual(said["EndpointStatus"], "InService")
        self.assertEqual(said["ProductionVariants"][0]["CurrentInstanceCount"], 0)
        self.assertIn("cannot be brought back", self.server.trainyard("status").stdout)
        self.server.trainyard("image", "push", IMAGE)
        self.assertEqual(eventually(self.answered)[0], "one")
        eventually(lambda: "FailureReason" not in describe())
        self.assertEqual(describe()["ProductionVariants"][0]["CurrentInstanceCount"], 1)

    def answered(self):
        """Who answers, if anybody does yet: a server that has just started looks for its variants first."""
        try:
            return self.who()
        except self.client("sagemaker-runtime").exceptions.ClientError:
            return None


class Isolated(Contract, Serving):
    """Each variant in a root of its own."""

    @classmethod
    def setUpClass(cls):
        needs(isolation(), "models cannot be isolated on this machine")
        super().setUpClass()


class Unisolated(Contract, Serving):
    flags = ("--isolation", "off")


class Variants(Serving):
    """What does not depend on how the programs run."""

    def test_weights(self):
        self.configuration_of("both", [("Heavy", "one", 1), ("Light", "two", 0)])
        self.create("both")
        self.assertEqual({self.who()[0] for _ in range(20)}, {"one"})
        told = json.loads(self.invoke(b"who", TargetVariant="Light"))
        self.assertEqual(told["model"], "two")
        self.refused(
            "ValidationError",
            self.client("sagemaker-runtime").invoke_endpoint,
            EndpointName=self.me,
            Body=b"x",
            TargetVariant="None",
        )

    def test_models_configurations_endpoints(self):
        """Created, described, listed, deleted; and in AWS's words, what is there already or is not there."""
        make, name = self.sagemaker, self.me
        make.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
        shown = make.describe_model(ModelName=name)
        self.assertEqual(shown["PrimaryContainer"]["Image"], IMAGE)
        said = self.refused(
            "ValidationException",
            make.create_model,
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": IMAGE},
        )
        self.assertIn("already existing", said)
        self.configuration_of(name, [("AllTraffic", name, 1)])
        shown = make.describe_endpoint_config(EndpointConfigName=name)
        self.assertEqual(shown["ProductionVariants"][0]["ModelName"], name)
        with self.assertRaises(make.exceptions.ClientError):
            self.configuration_of("without", [("AllTraffic", "no-such-model", 1)])
        for call, member in [
            (make.describe_model, "ModelName"),
            (make.describe_endpoint_config, "EndpointConfigName"),
            (make.describe_endpoint, "EndpointName"),
            (make.delete_endpoint, "EndpointName"),
        ]:
            self.assertIn("Could not find", self.refused("ValidationException", call, **{member: "nobody"}))
        self.assertIn(
            "Could not find",
            self.refused(
                "ValidationException", make.create_endpoint, EndpointName=name, EndpointConfigName="nobody"
            ),
        )
        for n in range(3):
            make.create_model(ModelName=f"listed-{n}", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
        models, pages = paged(
            make.list_models, "Models", size="MaxResults", token="NextToken", NameContains="listed-"
        )
        self.assertEqual(({m["ModelName"] for m in models}, pages), ({"listed-0", "listed-1", "listed-2"}, 2))
        make.delete_endpoint_config(EndpointConfigName=name)
        make.delete_model(ModelName=name)
        names = {c["EndpointConfigName"] for c in make.list_endpoint_configs()["EndpointConfigs"]}
        self.assertNotIn(name, names)

    def test_an_endpoint_has_one_name(self):
        self.create()
        self.refused(
            "ValidationException",
            self.sagemaker.create_endpoint,
            EndpointName=self.me,
            EndpointConfigName="one",
        )


if __name__ == "__main__":
    unittest.main()
