"""The whole loop, from `git push` to a served model, as a team goes through it with tests/projects/stdlib."""

import contextlib
import json
import shutil

from harness import ACCOUNT, REGION, ROOT, eventually, run

NAME = "stdlib"
BUCKET = f"{NAME}-{ACCOUNT}-{REGION}"
STATES = f"arn:aws:states:{REGION}:{ACCOUNT}"
# What the model gives for the rows of the project's own data lies well within.
SENSIBLE = (100, 10_000)


class Loop:
    """A project and the server that it is pushed to. Each verb does one step and gives what it made."""

    def __init__(self, server, directory):
        self.server, self.project = server, directory / "a project"
        shutil.copytree(ROOT / "tests/projects" / NAME, self.project, ignore=shutil.ignore_patterns("__pycache__"))
        config = self.project / "samconfig.toml"
        there = f"{server.url}/git/{NAME}.git"
        config.write_text(config.read_text().replace(f"https://github.com/your-name/{NAME}.git", there))
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", there)

    def git(self, *arguments, check=True):
        names = {f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        there = {"env": {**self.server.environment(), **names}, "cwd": self.project}
        return run(["git", *arguments], check=check, **there).stdout.strip()

    def deploy(self):
        """`trainyard deploy`, as `sam deploy` once; what it says."""
        return self.server.trainyard("deploy", cwd=self.project).stdout

    def push(self, alpha=None):
        """Commits, with another hyperparameter where it is given, and pushes; the commit."""
        if alpha:
            with self.training() as definition:
                definition["States"]["Train"]["Parameters"]["HyperParameters"]["alpha"] = alpha
        commit = self.commit(f"alpha {alpha}" if alpha else "the project")
        self.git("push", "--quiet", "origin", "main")
        return commit

    def commit(self, message):
        """Commits all there is; the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    @contextlib.contextmanager
    def training(self):
        """The definition of `train`, to be changed."""
        file = self.project / "statemachine/train.asl.json"
        definition = json.loads(file.read_text())
        yield definition
        file.write_text(json.dumps(definition, indent=2) + "\n")

    def built(self, number, timeout=180):
        """Waits until that many builds have ended; the newest."""
        builds = self.server.client("codebuild")

        def ended():
            ids = builds.list_builds_for_project(projectName=NAME)["ids"]
            if len(ids) < number:
                return None
            found = builds.batch_get_builds(ids=ids)["builds"]
            return found if all(build["buildComplete"] for build in found) else None

        found = eventually(ended, timeout)
        if any(build["buildStatus"] != "SUCCEEDED" for build in found):
            raise AssertionError(f"a build failed:\n{self.log(found[0])}")
        return max(found, key=lambda build: build["buildNumber"])

    def log(self, build):
        """What a build wrote."""
        place = build["logs"]
        pages = self.server.client("logs").get_paginator("filter_log_events").paginate(
            logGroupName=place["groupName"], logStreamNames=[place["streamName"]]
        )
        return "\n".join(event["message"] for page in pages for event in page["events"])

    def executions(self, machine):
        """The executions of `train` or `deploy`, the newest first."""
        states = self.server.client("stepfunctions")
        return states.list_executions(stateMachineArn=f"{STATES}:stateMachine:{NAME}-{machine}")["executions"]

    def ran(self, machine, number, timeout=180):
        """Waits until that many executions have ended well; the newest, described."""
        states = self.server.client("stepfunctions")

        def ended():
            found = self.executions(machine)
            return found if len(found) >= number and all(e["status"] != "RUNNING" for e in found) else None

        found = [states.describe_execution(executionArn=e["executionArn"]) for e in eventually(ended, timeout)]
        bad = [e for e in found if e["status"] != "SUCCEEDED"]
        if bad:
            raise AssertionError(f"{machine} is {bad[0]['status']}: {bad[0].get('error')}: {bad[0].get('cause')}")
        return found[0]

    def history(self, execution):
        pages = self.server.client("stepfunctions").get_paginator("get_execution_history")
        return [e for page in pages.paginate(executionArn=execution) for e in page["events"]]

    def version(self, number):
        """A model version, described."""
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{NAME}/{number}"
        return self.server.client("sagemaker").describe_model_package(ModelPackageName=arn)

    def question(self):
        """Waits until an execution asks; what `trainyard approve` shows of it."""

        def asked():
            shown = json.loads(self.server.trainyard("approve", "--output", "json").stdout)
            return [one for one in shown if one["kind"] == "approval"]

        return eventually(asked, timeout=180)[0]

    def predict(self, stage):
        """What the endpoint says of a flat."""
        runtime = self.server.client("sagemaker-runtime")
        answer = runtime.invoke_endpoint(
            EndpointName=f"{NAME}-{stage}", ContentType="text/csv", Body="62,2,3,1974,4.5"
        )
        return float(answer["Body"].read())
