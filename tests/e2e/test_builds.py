"""CodeBuild by boto3 and git: pushes start builds, which run in a shell of this machine and outlive the server."""

import json
import textwrap
import time
import unittest

from harness import ROLE, WithServer, eventually, run

IMAGE = "aws/codebuild/standard:7.0"
ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": IMAGE, "computeType": "BUILD_GENERAL1_SMALL"}


class Builds(WithServer):
    def setUp(self):
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.builds = self.client("codebuild")

    def git(self, *arguments, cwd=None):
        names = {f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", "-c", "init.defaultBranch=main", *arguments]
        return run(command, env={**self.server.environment(), **names}, cwd=cwd or self.work).stdout.strip()

    def project(self, **more):
        source = {"type": "GITHUB", "location": f"{self.server.url}/git/{self.me}.git"}
        parameters = {
            "name": self.me,
            "source": source,
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": ENVIRONMENT,
            "serviceRole": ROLE,
        }
        return self.builds.create_project(**{**parameters, **more})["project"]

    def inline(self, *commands):
        """A project without a source, whose builds run these."""
        lines = "".join(f"      - {command}\n" for command in commands)
        spec = f"version: 0.2\nphases:\n  build:\n    commands:\n{lines}"
        return self.project(source={"type": "NO_SOURCE", "buildspec": spec})

    def webhook(self, head_ref):
        group = [{"type": "EVENT", "pattern": "PUSH"}, {"type": "HEAD_REF", "pattern": head_ref}]
        self.builds.create_webhook(projectName=self.me, filterGroups=[group])

    def pushed(self, text, branch="main"):
        """Pushes a buildspec; the commit."""
        self.work = self.directory / f"work of {self.me}"
        if not self.work.exists():
            self.work.mkdir()
            self.git("init", "--quiet")
        (self.work / "buildspec.yml").write_text(textwrap.dedent(text))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "work")
        self.git("push", "--quiet", f"{self.server.url}/git/{self.me}.git", f"HEAD:{branch}")
        return self.git("rev-parse", "HEAD")

    def ids(self):
        return self.builds.list_builds_for_project(projectName=self.me)["ids"]

    def ended(self, id, status="SUCCEEDED"):
        def over():
            build = self.builds.batch_get_builds(ids=[id])["builds"][0]
            return build if build["buildComplete"] else None

        build = eventually(over)
        self.assertEqual(build["buildStatus"], status, build["phases"])
        return build

    def said(self, build):
        logs = build["logs"]
        events = self.client("logs").get_log_events(
            logGroupName=logs["groupName"], logStreamName=logs["streamName"], startFromHead=True
        )
        return [event["message"] for event in events["events"]]

    def says(self, build, line):
        """Waits until a build has printed the line."""

        def there():
            try:
                (found,) = self.builds.batch_get_builds(ids=[build["id"]])["builds"]
                return line in self.said(found)
            except self.client("logs").exceptions.ResourceNotFoundException:
                return False  # nothing was printed yet

        eventually(there)

    def test_a_push_is_built(self):
        self.project()
        self.webhook("^refs/heads/main$")
        commit = self.pushed(
            """\
            version: 0.2
            env:
              exported-variables: [WHO]
            phases:
              build:
                commands:
                  - export WHO="$(aws sts get-caller-identity --query Arn --output text)"
                  - git fetch --quiet origin && echo "fetched $CODEBUILD_RESOLVED_SOURCE_VERSION"
                  - trainyard --version
            """
        )
        (id,) = eventually(self.ids)
        build = self.ended(id)
        self.assertEqual((build["resolvedSourceVersion"], build["buildNumber"]), (commit, 1))
        (who,) = build["exportedEnvironmentVariables"]
        self.assertTrue(who["value"].startswith("arn:aws:sts::000000000000:assumed-role/tests/"), who)
        self.assertIn(f"fetched {commit}", self.said(build))
        # What no filter takes starts nothing.
        self.pushed("version: 0.2\nphases: {build: {commands: ['true']}}\n", "other")
        self.pushed("version: 0.2\nphases: {build: {commands: ['false']}}\n")
        second = eventually(lambda: [found for found in self.ids() if found != id])
        failed = self.ended(second[0], "FAILED")
        self.assertEqual((failed["buildNumber"], len(self.ids())), (2, 2))
        (phase,) = [phase for phase in failed["phases"] if phase.get("phaseStatus") == "FAILED"]
        self.assertEqual(phase["phaseType"], "BUILD")
        self.assertEqual(
            phase["contexts"][0]["message"], "Error while executing command: false. Reason: exit status 1"
        )

    def test_a_build_outlives_the_server(self):
        s3 = self.client("s3")
        s3.create_bucket(Bucket="outlives")
        go = "until aws s3api head-object --bucket outlives --key go > /dev/null 2>&1; do sleep 0.1; done"
        self.inline("echo begun", go, 'echo "went on"')
        build = self.builds.start_build(projectName=self.me)["build"]
        self.says(build, "begun")
        self.server.kill()
        self.server.start()
        s3.put_object(Bucket="outlives", Key="go")
        build = self.ended(build["id"])
        lines = self.said(build)
        self.assertEqual((lines.count("begun"), lines.count("went on")), (1, 1), lines)

    def test_stop(self):
        self.inline("echo begun", "sleep 600")
        build = self.builds.start_build(projectName=self.me)["build"]
        self.says(build, "begun")
        began = time.monotonic()
        self.builds.stop_build(id=build["id"])
        self.ended(build["id"], "STOPPED")
        self.assertLess(time.monotonic() - began, 60)

    def test_a_rule_starts_builds(self):
        project = self.inline("true")
        events = self.client("events")
        events.put_rule(Name=self.me, EventPattern='{"source": ["rule.test"]}')
        events.put_targets(Rule=self.me, Targets=[{"Id": "1", "Arn": project["arn"], "RoleArn": ROLE}])
        events.put_events(Entries=[{"Source": "rule.test", "DetailType": "x", "Detail": "{}"}])
        (id,) = eventually(self.ids)
        self.assertEqual(self.ended(id)["initiator"], f"rule/{self.me}")

    def test_tokens_and_lists(self):
        self.inline("true")
        one = self.builds.start_build(projectName=self.me, idempotencyToken="t")["build"]
        two = self.builds.start_build(projectName=self.me, idempotencyToken="t")["build"]
        self.assertEqual(one["id"], two["id"])
        self.ended(one["id"])
        found = self.builds.batch_get_builds(ids=[one["id"], f"{self.me}:none"])
        self.assertEqual(found["buildsNotFound"], [f"{self.me}:none"])
        self.assertIn(one["id"], self.builds.list_builds()["ids"])
        self.assertIn(self.me, self.builds.list_projects()["projects"])
        found = self.builds.batch_get_projects(names=[self.me, "none"])
        self.assertEqual((len(found["projects"]), found["projectsNotFound"]), (1, ["none"]))
        self.builds.update_project(name=self.me, timeoutInMinutes=7)
        self.assertEqual(self.builds.batch_get_projects(names=[self.me])["projects"][0]["timeoutInMinutes"], 7)
        self.builds.delete_project(name=self.me)
        self.refused("ResourceNotFoundException", self.builds.start_build, projectName=self.me)

    def task(self, resource="codebuild:startBuild.sync", **parameters):
        call = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}
        return self.started(self.machine(f"{self.me}-{len(self.ids())}-{len(parameters)}", {"Build": call}))

    def test_a_task_waits_for_its_build(self):
        self.inline('test "$WHO" = me')
        variable = {"Name": "WHO", "Value": "me", "Type": "PLAINTEXT"}
        execution = self.task(ProjectName=self.me, EnvironmentVariablesOverride=[variable])
        build = json.loads(self.ended_execution(execution)["output"])["Build"]
        self.assertEqual((build["BuildStatus"], build["ProjectName"], build["BuildComplete"]), ("SUCCEEDED", self.me, True))
        self.assertEqual(build["Environment"]["EnvironmentVariables"], [variable])
        self.assertEqual(build["Phases"][-1]["PhaseType"], "COMPLETED")
        shown = self.ended(build["Id"])
        self.assertEqual(build["StartTime"], round(shown["startTime"].timestamp() * 1000))
        self.assertEqual([id for id in self.ids()], [build["Id"]])
        submitted = [event for event in self.history(execution) if event["type"] == "TaskSubmitted"]
        output = json.loads(submitted[0]["taskSubmittedEventDetails"]["output"])
        self.assertEqual((output["Build"]["Id"], output["SdkHttpMetadata"]["HttpStatusCode"]), (build["Id"], 200))

    def test_a_build_that_fails_fails_its_task(self):
        self.inline("false")
        ended = self.ended_execution(self.task(ProjectName=self.me), "FAILED")
        self.assertEqual(ended["error"], "States.TaskFailed")
        self.assertEqual(json.loads(ended["cause"])["Build"]["BuildStatus"], "FAILED")
        ended = self.ended_execution(self.task("codebuild:startBuild", ProjectName="none", SourceVersion="v"), "FAILED")
        self.assertEqual(ended["error"], "CodeBuild.ResourceNotFoundException")
        self.assertIn("(Service: AWSCodeBuild; Status Code: 400; Error Code: ResourceNotFoundException;", ended["cause"])

    def test_who_stops_the_execution_stops_the_build(self):
        self.inline("echo begun", "sleep 3600")
        execution = self.task(ProjectName=self.me)
        (id,) = eventually(self.ids)
        self.says({"id": id}, "begun")
        self.client("stepfunctions").stop_execution(executionArn=execution)
        self.ended(id, "STOPPED")

    def ended_execution(self, execution, status="SUCCEEDED"):
        return super().ended(execution, status)

    def test_what_is_not_honoured_is_refused_by_name(self):
        create, invalid = self.project, "InvalidInputException"
        self.assertIn("python:3", self.refused(invalid, create, environment={**ENVIRONMENT, "image": "python:3"}))
        self.assertIn("vpcConfig", self.refused(invalid, create, vpcConfig={"vpcId": "v"}))
        self.assertIn("S3", self.refused(invalid, create, artifacts={"type": "S3"}))
        secret = [{"name": "A", "value": "b", "type": "SECRETS_MANAGER"}]
        environment = {**ENVIRONMENT, "environmentVariables": secret}
        self.assertIn("SECRETS_MANAGER", self.refused(invalid, create, environment=environment))
        self.project()
        self.refused("ResourceAlreadyExistsException", create)


if __name__ == "__main__":
    unittest.main()
