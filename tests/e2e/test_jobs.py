"""SageMaker jobs, by boto3, from an image that `trainyard image` built and pushed; with isolation and without."""

import io
import json
import os
import pathlib
import tarfile
import unittest
import urllib.parse

from harness import ACCOUNT, REGION, ROLE, Ledger, WithServer, eventually, isolation, needs, paged

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{HOST}/jobs:v1"
PROGRAMS = pathlib.Path(__file__).parent / "programs"
GIB = 1 << 30


class Workshop(WithServer):
    """A server with an image to run, and ways to run it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.jobs, cls.s3, cls.logs = cls.client("sagemaker"), cls.client("s3"), cls.client("logs")
        cls.ledger = Ledger()
        cls.addClassCleanup(cls.ledger.close)
        cls.client("ecr").create_repository(repositoryName="jobs")
        cls.s3.create_bucket(Bucket="work")
        entry = "python3 /opt/program/act.py"
        app = f"{PROGRAMS}:/opt/program"
        cls.server.trainyard("image", "build", "--tag", IMAGE, "--app", app, "--entrypoint", entry)
        cls.digest = cls.server.trainyard("image", "push", IMAGE).stdout.strip()

    def train(self, act, name=None, instance="ml.t3.medium", limit=600, **more):
        """Starts a training job that does what `act` says; its name."""
        name = name or self.fresh()
        self.jobs.create_training_job(
            **{
                "TrainingJobName": name,
                "RoleArn": ROLE,
                "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
                "HyperParameters": {"ACT": act, "alpha": "0.5"},
                "Environment": self.environment(),
                "OutputDataConfig": {"S3OutputPath": "s3://work/models"},
                "ResourceConfig": {"InstanceType": instance, "InstanceCount": 1, "VolumeSizeInGB": 1},
                "StoppingCondition": {"MaxRuntimeInSeconds": limit},
                **more,
            }
        )
        return name

    def process(self, act, arguments=(), name=None, **more):
        """Starts a processing job that does what `act` says; its name."""
        name = name or self.fresh()
        self.jobs.create_processing_job(
            **{
                "ProcessingJobName": name,
                "RoleArn": ROLE,
                "AppSpecification": {"ImageUri": IMAGE, "ContainerArguments": list(arguments) or ["none"]},
                "Environment": {**self.environment(), "NAME": name, "ACT": act, "SM_OUTPUT_DIR": "/opt/ml/output"},
                "ProcessingResources": {
                    "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}
                },
                **more,
            }
        )
        return name

    def environment(self):
        return {"LEDGER": self.ledger.url, "LOOK_FOR": os.pathsep.join([str(self.server.data), "/root/.ssh"])}

    def fresh(self):
        cls = type(self)
        cls.counted = getattr(cls, "counted", 0) + 1
        return f"{self._testMethodName.removeprefix('test_').replace('_', '-')[:40]}-{cls.counted}"

    def trained(self, name, status="Completed", timeout=90):
        return self.over(lambda: self.jobs.describe_training_job(TrainingJobName=name), "Training", status, timeout)

    def processed(self, name, status="Completed", timeout=90):
        describe = lambda: self.jobs.describe_processing_job(ProcessingJobName=name)  # noqa: E731
        return self.over(describe, "Processing", status, timeout)

    def over(self, describe, kind, status, timeout):
        member = f"{kind}JobStatus"
        ends = ("Completed", "Failed", "Stopped")

        def end():
            seen = describe()
            return seen if seen[member] in ends else None

        seen = eventually(end, timeout)
        if seen[member] != status:
            self.fail(f"{seen[member]}, not {status}: {seen.get('FailureReason')}\n{self.lines(seen)}")
        return seen

    def lines(self, job):
        """All lines that a described job wrote."""
        name = job.get("TrainingJobName") or job["ProcessingJobName"]
        group = f"/aws/sagemaker/{'Training' if 'TrainingJobName' in job else 'Processing'}Jobs"
        streams = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
        pages = [
            self.logs.get_log_events(logGroupName=group, logStreamName=s["logStreamName"], startFromHead=True)
            for s in streams
        ]
        return [event["message"] for page in pages for event in page["events"]]

    def archive(self, uri):
        """The files of a .tar.gz in S3."""
        place = urllib.parse.urlsplit(uri)
        body = self.s3.get_object(Bucket=place.netloc, Key=place.path[1:])["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            return {m.name: tar.extractfile(m).read().decode() for m in tar.getmembers() if m.isfile()}


class Contract:
    """What holds with isolation and without."""

    def test_training(self):
        """All of the contract: channels, hyperparameters, variables, model, output, log, metrics."""
        for key, text in [("data/a.csv", "1"), ("data/sub/b.csv", "2"), ("database/c.csv", "3")]:
            self.s3.put_object(Bucket="work", Key=key, Body=text)
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://work/data/"}}
        specification = {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": r"loss=([0-9.]+)"}],
        }
        name = self.train(
            "say,save",
            AlgorithmSpecification=specification,
            InputDataConfig=[{"ChannelName": "train", "DataSource": source}],
        )
        job = self.trained(name)
        self.assertEqual(job["TrainingJobArn"], f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{name}")
        uri = job["ModelArtifacts"]["S3ModelArtifacts"]
        self.assertEqual(uri, f"s3://work/models/{name}/output/model.tar.gz")
        self.assertEqual(self.archive(uri), {"model.txt": "weights", "deep/more.txt": "more"})
        seen = json.loads(self.archive(uri.replace("model.tar.gz", "output.tar.gz"))["seen.json"])
        self.assertEqual(seen["arguments"], ["train"])
        self.assertEqual(seen["inputs"], {"train/a.csv": "1", "train/sub/b.csv": "2"})
        self.assertEqual(seen["config"]["hyperparameters.json"]["alpha"], "0.5")
        self.assertEqual(seen["config"]["resourceconfig.json"]["hosts"], ["algo-1"])
        variables = seen["environment"]
        self.assertEqual(json.loads(variables["SM_HPS"])["alpha"], "0.5")
        self.assertEqual(json.loads(variables["SM_CHANNELS"]), ["train"])
        self.assertTrue(variables["SM_CHANNEL_TRAIN"].endswith("/input/data/train"))
        self.assertEqual((variables["SM_HP_ALPHA"], variables["AWS_REGION"]), ("0.5", REGION))
        self.assertEqual(variables["AWS_ENDPOINT_URL"], self.server.url)
        self.assertNotIn(variables["AWS_SECRET_ACCESS_KEY"], self.server.exports.values())
        who = self.server.client(
            "sts", *(variables[n] for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))
        ).get_caller_identity()
        self.assertIn(":assumed-role/tests/", who["Arn"])
        lines = self.lines(job)
        self.assertLess(lines.index("a line"), lines.index("step=0 loss=3.5"))
        self.assertIn("an error line", lines)
        metrics = {m["MetricName"]: m["Value"] for m in job["FinalMetricDataList"]}
        self.assertEqual(metrics, {"loss": 1.125})
        self.apart(seen)

    def test_processing(self):
        self.s3.put_object(Bucket="work", Key="in/x.txt", Body=b"carried")
        local = lambda name: f"/opt/ml/processing/{name}"  # noqa: E731
        name = self.process(
            "say,copy",
            [local("input"), local("output/sub")],
            ProcessingInputs=[
                {
                    "InputName": "in",
                    "S3Input": {
                        "S3Uri": "s3://work/in",
                        "LocalPath": local("input"),
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
            ],
            ProcessingOutputConfig={
                "Outputs": [
                    {
                        "OutputName": "out",
                        "S3Output": {
                            "S3Uri": "s3://work/out",
                            "LocalPath": local("output"),
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
        )
        job = self.processed(name)
        self.assertIn("a line", self.lines(job))
        self.assertEqual(self.s3.get_object(Bucket="work", Key="out/sub/x.txt")["Body"].read(), b"carried")

    def test_a_failure_says_why(self):
        name = self.train("say,fail")
        job = self.trained(name, "Failed")
        self.assertEqual(job["FailureReason"], "AlgorithmError: the data is bad: row 7, exit code: 3")
        self.assertEqual(job["SecondaryStatus"], "Failed")
        self.assertEqual(self.ledger.count(f"{name}:started"), 1)
        failed = self.processed(self.process("fail"), "Failed")
        self.assertRegex(failed["FailureReason"] + failed.get("ExitMessage", ""), "exit code: 3")
        crashed = self.trained(self.train("crash"), "Failed")
        self.assertIn("exit code: 137", crashed["FailureReason"])

    def test_stopping(self):
        name = self.train("hang")
        self.ledger.wait_for(f"{name}:started")
        self.jobs.stop_training_job(TrainingJobName=name)
        job = self.trained(name, "Stopped")
        self.assertEqual(job["SecondaryStatus"], "Stopped")
        self.jobs.stop_training_job(TrainingJobName=name)
        name = self.process("hang")
        self.ledger.wait_for(f"{name}:started")
        self.jobs.stop_processing_job(ProcessingJobName=name)
        self.processed(name, "Stopped")

    def test_the_longest_time(self):
        job = self.trained(self.train("hang", limit=1), "Stopped")
        self.assertEqual(job["SecondaryStatus"], "MaxRuntimeExceeded")

    def test_too_much_memory(self):
        job = self.trained(self.train("eat", instance="ml.c8g.medium"), "Failed")
        self.assertRegex(job["FailureReason"], "instance type with more memory|MemoryError")

    def test_too_large_for_this_machine(self):
        name = self.train("say", instance="ml.p4d.24xlarge")
        job = self.trained(name, "Failed")
        self.assertIn("CapacityError", job["FailureReason"])
        self.assertEqual(self.ledger.count(f"{name}:started"), 0)

    def test_names_and_errors(self):
        name = self.train("say")
        self.refused("ResourceInUse", self.train, act="say", name=name)
        self.refused("ValidationException", self.train, act="say", name="has_underscore")
        self.refused("ValidationException", self.train, act="say", instance="ml.none.huge")
        for call, member in [
            (self.jobs.describe_training_job, "TrainingJobName"),
            (self.jobs.stop_training_job, "TrainingJobName"),
            (self.jobs.describe_processing_job, "ProcessingJobName"),
            (self.jobs.stop_processing_job, "ProcessingJobName"),
        ]:
            self.assertIn("not found", self.refused("ResourceNotFound", call, **{member: "nobody"}))
        self.trained(name)

    def test_what_is_missing(self):
        """No such image, no such data: failed, with a reason that names it."""
        image = {"TrainingImage": f"{HOST}/jobs:none", "TrainingInputMode": "File"}
        said = self.trained(self.train("say", AlgorithmSpecification=image), "Failed")["FailureReason"]
        self.assertIn("none", said)
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://work/nothing"}}
        name = self.train("say", InputDataConfig=[{"ChannelName": "train", "DataSource": source}])
        self.assertIn("s3://work/nothing", self.trained(name, "Failed")["FailureReason"])
        self.assertEqual(self.ledger.count(f"{name}:started"), 0)

    def test_lists(self):
        names = [f"listed-{n}" for n in range(5)]
        for name in names:
            self.train("", name=name)
        for name in names:
            self.trained(name)
        jobs, pages = paged(
            self.jobs.list_training_jobs,
            "TrainingJobSummaries",
            size="MaxResults",
            token="NextToken",
            NameContains="listed",
            StatusEquals="Completed",
            SortBy="CreationTime",
            SortOrder="Ascending",
        )
        self.assertEqual(([job["TrainingJobName"] for job in jobs], pages), (names, 3))
        self.process("", name="listed-p")
        self.processed("listed-p")
        jobs = self.jobs.list_processing_jobs(NameContains="listed-p")["ProcessingJobSummaries"]
        self.assertEqual([job["ProcessingJobStatus"] for job in jobs], ["Completed"])

    def test_logs(self):
        job = self.trained(self.train("say"))
        name, group = job["TrainingJobName"], "/aws/sagemaker/TrainingJobs"
        self.assertIn(group, {g["logGroupName"] for g in self.logs.describe_log_groups()["logGroups"]})
        found = self.logs.filter_log_events(
            logGroupName=group, logStreamNamePrefix=f"{name}/", filterPattern="loss"
        )["events"]
        self.assertEqual([event["message"] for event in found], ["step=0 loss=3.5", "step=1 loss=2.25", "step=2 loss=1.125"])
        stream = found[0]["logStreamName"]
        shown = self.server.aws(
            "logs", "get-log-events", "--log-group-name", group, "--log-stream-name", stream, "--limit", "2"
        )
        self.assertEqual(len(shown["events"]), 2)
        first = self.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, limit=1)
        token, messages = first["nextForwardToken"], [event["message"] for event in first["events"]]
        while True:
            page = self.logs.get_log_events(
                logGroupName=group, logStreamName=stream, startFromHead=True, limit=1, nextToken=token
            )
            messages += [event["message"] for event in page["events"]]
            if page["nextForwardToken"] == token:
                break
            token = page["nextForwardToken"]
        self.assertEqual(messages, self.lines(job))

    def test_a_state_machine_waits_for_a_job(self):
        job = {
            "TrainingJobName.$": "States.Format('machine-{}', $.act)",
            "RoleArn": ROLE,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "HyperParameters": {"ACT.$": "$.act"},
            "Environment": self.environment(),
            "OutputDataConfig": {"S3OutputPath": "s3://work/models"},
            "ResourceConfig": {"InstanceType": "ml.t3.medium", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        }
        arn = self.machine(
            "waits",
            {
                "Train": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
                    "Parameters": job,
                    "ResultSelector": {"status.$": "$.TrainingJobStatus"},
                    "End": True,
                }
            },
        )
        done = self.ended(self.started(arn, {"act": "save"}), timeout=90)
        self.assertEqual(json.loads(done["output"]), {"status": "Completed"})
        failed = self.ended(self.started(arn, {"act": "fail"}), "FAILED", timeout=90)
        self.assertEqual(failed["error"], "States.TaskFailed")
        self.assertIn("the data is bad: row 7", failed["cause"])
        stopped = self.started(arn, {"act": "hang"})
        self.ledger.wait_for("machine-hang:started")
        self.client("stepfunctions").stop_execution(executionArn=stopped)
        self.ended(stopped, "ABORTED")
        self.trained("machine-hang", "Stopped")

    def test_a_job_outlives_the_server(self):
        """kill -9 while it runs: the next server takes it up; it has run once."""
        name = self.train("wait,save")
        other = self.train("wait,fail")
        self.ledger.wait_for(f"{name}:started")
        self.ledger.wait_for(f"{other}:started")
        self.server.kill()
        self.ledger.open(name)
        self.ledger.wait_for(f"{name}:ended")
        self.server.start()
        self.ledger.open(other)
        job = self.trained(name)
        self.assertIn("model.txt", self.archive(job["ModelArtifacts"]["S3ModelArtifacts"]))
        self.assertIn("row 7", self.trained(other, "Failed")["FailureReason"])
        self.assertEqual((self.ledger.count(f"{name}:started"), self.ledger.count(f"{other}:started")), (1, 1))

    def test_a_job_outlives_ctrl_c(self):
        name = self.train("wait,save")
        self.ledger.wait_for(f"{name}:started")
        self.server.stop()
        self.assertIn(name, self.server.said(), "it names the jobs that go on")
        self.server.start()
        self.ledger.open(name)
        self.trained(name)
        self.assertEqual(self.ledger.count(f"{name}:started"), 1)


class Isolated(Contract, Workshop):
    """Each job in a root of its own."""

    @classmethod
    def setUpClass(cls):
        needs(isolation(), "jobs cannot be isolated on this machine")
        super().setUpClass()

    def apart(self, seen):
        self.assertEqual(seen["secrets"], [])
        self.assertEqual(seen["environment"]["SM_MODEL_DIR"], "/opt/ml/model")
        self.assertLess(max(seen["processes"]), 100, "the processes are its own")


class Unisolated(Contract, Workshop):
    """Paths are rewritten, and nothing else is different."""

    flags = ("--isolation", "off")

    def apart(self, seen):
        self.assertTrue(seen["environment"]["SM_MODEL_DIR"].startswith(str(self.server.data)))
        self.assertFalse(pathlib.Path("/opt/ml/model").exists(), "nothing is made on the host")


class Crowded(Workshop):
    """A machine with room for one job at a time: the others wait."""

    configuration = f"memory = {5 * GIB}\n"

    def test_jobs_wait_for_room(self):
        names = [self.train("wait", name=f"crowd-{n}") for n in range(3)]
        eventually(lambda: self.ledger.lines)
        said = self.server.trainyard("status").stdout
        self.assertEqual(said.count("waits for 4096 MiB of memory"), 2, said)
        for name in names:
            seen = self.jobs.describe_training_job(TrainingJobName=name)
            self.assertEqual(seen["TrainingJobStatus"], "InProgress")
            self.ledger.open(name)
        for name in names:
            self.trained(name)
        moves = [line.split(":") for line in self.ledger.lines]
        self.assertEqual([move for _, move in moves], ["started", "ended"] * 3)
        self.assertEqual({name for name, _ in moves}, set(names))


if __name__ == "__main__":
    unittest.main()
