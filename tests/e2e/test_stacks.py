"""`trainyard deploy`, with the projects that are shipped and with what goes wrong."""

import concurrent.futures
import json
import shutil
import unittest

from harness import ROOT, WithServer, run

SMALL = """\
Parameters:
  Word: {{Type: String}}
  Bus: {{Type: String, Default: default}}
Resources:
  Data: {{Type: AWS::S3::Bucket, Properties: {{BucketName: !Sub "{me}-${{Word}}"}}}}
  Rule:
    Type: AWS::Events::Rule
    DependsOn: Data
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {{source: [me]}}
Outputs:
  Bucket: {{Value: !Ref Data}}
"""


class Stacks(WithServer):
    def setUp(self):
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.work = self.directory / f"work of {self.me}"

    def deploy(self, *arguments, check=True):
        return self.server.trainyard("deploy", *arguments, cwd=self.work, check=check)

    def small(self):
        self.work.mkdir()
        (self.work / "template.yaml").write_text(SMALL.format(me=self.me))
        return ("--stack-name", self.me, "--parameter-overrides")

    def buckets(self):
        names = [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]]
        return [name for name in names if name.startswith(self.me)]

    def test_a_project(self):
        shutil.copytree(ROOT / "tests/projects/stdlib", self.work)
        first = self.deploy().stdout.splitlines()
        self.assertTrue(first[0].startswith("stack stdlib: CREATE_COMPLETE (16 created)"), first)
        self.assertEqual(self.deploy().stdout, "no changes: stack stdlib is up to date\n")
        planned = self.deploy("--dry-run", "--detailed-exitcode", "--parameter-overrides", "MseThreshold=1", check=False)
        self.assertEqual(planned.returncode, 2)
        self.assertIn("(1 updated)", planned.stdout)
        changed = json.loads(self.deploy("-o", "json", "--parameter-overrides", "MseThreshold=1").stdout)
        self.assertEqual([change["LogicalId"] for change in changed["Changes"]], ["TrainStateMachine"])
        (project,) = self.client("codebuild").batch_get_projects(names=["stdlib"])["projects"]
        self.assertEqual(len(project["webhook"]["filterGroups"]), 1)
        definition = self.client("stepfunctions").describe_state_machine(
            stateMachineArn="arn:aws:states:us-east-1:000000000000:stateMachine:stdlib-train"
        )["definition"]
        self.assertNotIn("${", definition)

    def test_roll(self):
        flags = self.small()
        self.deploy(*flags, "Word=one")
        failed = self.deploy(*flags, "Word=two", "Bus=nowhere", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("UPDATE_ROLLBACK_COMPLETE", failed.stderr)
        self.assertIn("nowhere", failed.stderr)
        self.assertEqual(self.buckets(), [f"{self.me}-one"])
        # What is not given stays as it was.
        self.assertIn("no changes", self.deploy("--stack-name", self.me).stdout)
        self.deploy(*flags, "Word=two")
        self.assertEqual(self.buckets(), [f"{self.me}-two"])

    def test_who_comes_second_waits(self):
        """Two pushes make two builds, which deploy the same stack."""
        flags = self.small()
        words = ["one", "two", "three", "four", "five", "six"]
        with concurrent.futures.ThreadPoolExecutor(len(words)) as pool:
            ended = list(pool.map(lambda word: self.deploy(*flags, f"Word={word}", check=False), words))
        self.assertEqual([one.stderr for one in ended if one.returncode != 0], [])
        self.assertEqual(len(self.buckets()), 1)

    def test_everything_that_is_wrong_is_said(self):
        self.small()
        template = self.work / "template.yaml"
        text = template.read_text().replace("  Rule:", "  Topic: {Type: AWS::SNS::Topic}\n  Rule:")
        template.write_text(text.replace("      EventPattern", "      Colour: red\n      EventPattern"))
        failed = self.deploy("--stack-name", self.me, "--parameter-overrides", "Word=x", check=False)
        self.assertEqual(failed.returncode, 65)
        self.assertIn("template.yaml:6:3: ", failed.stderr)
        self.assertIn("template.yaml:12:7: ", failed.stderr)
        self.assertEqual(self.buckets(), [])
        self.assertEqual(self.deploy("--template", "none.yaml", check=False).returncode, 64)
        unreachable = self.server.trainyard(
            "deploy", "--stack-name", "x", cwd=ROOT / "tests/projects/stdlib", check=False,
            AWS_ENDPOINT_URL="http://127.0.0.1:9",
        )
        self.assertEqual(unreachable.returncode, 69)

    def test_definitions_are_looked_at_with_the_template(self):
        """What is wrong with the template does not hide what is wrong with a state machine that it names."""
        shutil.copytree(ROOT / "tests/projects/stdlib", self.work)
        template, definition = self.work / "template.yaml", self.work / "statemachine/train.asl.json"
        template.write_text(template.read_text().replace("\nResources:\n", "\nResources:\n  Extra: {Type: AWS::None::Thing}\n"))
        body = json.loads(definition.read_text())
        body["StartAt"] = "Nowhere"
        definition.write_text(json.dumps(body))
        failed = self.deploy(check=False)
        self.assertEqual(failed.returncode, 65)
        self.assertIn("AWS::None::Thing", failed.stderr)
        self.assertRegex(failed.stderr, r"statemachine/train\.asl\.json:1:\d+: .*Nowhere")
        self.assertEqual(self.buckets(), [])


if __name__ == "__main__":
    unittest.main()
