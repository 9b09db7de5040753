"""Terraform with its own AWS provider: what it declares is made, found as declared, changed and taken away."""

import glob
import json
import os
import shutil
import sys
import unittest

from harness import ROOT, WithServer, run

PROVIDER = "registry.terraform.io/hashicorp/aws"
# Where providers are kept on machines that do not fetch them.
SHELVES = ("~/.terraform.d/plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", "/opt/*")


def plugins():
    """The directory of providers, if this machine has one with AWS's."""
    shelves = [shelf for pattern in SHELVES for shelf in sorted(glob.glob(os.path.expanduser(pattern)))]
    return next((shelf for shelf in shelves if os.path.isdir(f"{shelf}/{PROVIDER}")), None)


class Terraform(WithServer):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("terraform") or not plugins():
            # Unlike the other clients it cannot be installed from a package index: no failure in CI.
            print("\n!! Terraform or its AWS provider is not on this machine: this is NOT tested here", file=sys.stderr)
            raise unittest.SkipTest("needs Terraform and its AWS provider")
        super().setUpClass()
        cls.work = cls.directory / "terraform"
        shutil.copytree(ROOT / "tests/projects/terraform", cls.work)
        (cls.work / "empty.tfrc").touch()
        cls.terraform("init", f"-plugin-dir={plugins()}")

    @classmethod
    def terraform(cls, *arguments, check=True, **variables):
        more = {f"TF_VAR_{name}": value for name, value in variables.items()}
        more |= {"TF_CLI_CONFIG_FILE": str(cls.work / "empty.tfrc"), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        command = ["terraform", *arguments, "-no-color"]
        return run(command, env=cls.server.environment(**more), cwd=cls.work, check=check, timeout=300)

    def apply(self, comment):
        self.terraform("apply", "-auto-approve", comment=comment)
        outputs = json.loads(self.terraform("output", "-json").stdout)
        return {name: output["value"] for name, output in outputs.items()}

    def role(self):
        return self.client("iam").get_role(RoleName="runs")["Role"]

    def test_declared(self):
        states = self.client("stepfunctions")
        made = self.apply("one")
        # Read again, everything is as it was declared: exit code 2 would be a difference.
        self.assertEqual(self.terraform("plan", "-detailed-exitcode", check=False, comment="one").returncode, 0)
        self.ended(self.started(made["alias"], {"by": "alias"}))
        described = states.describe_state_machine(stateMachineArn=made["machine"])
        self.assertEqual(json.loads(described["definition"])["Comment"], "one")
        tags = states.list_tags_for_resource(resourceArn=made["machine"])["tags"]
        self.assertEqual(tags, [{"key": "team", "value": "ml"}])
        (target,) = self.client("events").list_targets_by_rule(Rule="hourly")["Targets"]
        self.assertEqual(target["InputTransformer"]["InputTemplate"], '{"at": <at>}')
        (told,) = self.client("events").list_targets_by_rule(Rule="approved", EventBusName="models")["Targets"]
        self.assertEqual(told["RetryPolicy"], {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": 3600})
        nightly = self.client("scheduler").get_schedule(Name="nightly", GroupName="nights")
        self.assertEqual(nightly["ScheduleExpressionTimezone"], "Europe/Berlin")

        bus = self.client("events").describe_event_bus(Name="shared")
        self.assertEqual([statement["Sid"] for statement in json.loads(bus["Policy"])["Statement"]], ["staging"])
        (group,) = self.client("logs").describe_log_groups(logGroupNamePrefix="/ml/")["logGroups"]
        tags = self.client("logs").list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"]
        self.assertEqual((tags, group["retentionInDays"]), ({"team": "one"}, 7))
        before_role = self.role()

        # A changed definition is published as another version, and the alias leads there.
        before = states.describe_state_machine_alias(stateMachineAliasArn=made["alias"])["routingConfiguration"]
        self.assertEqual(self.apply("two"), made)
        after = states.describe_state_machine_alias(stateMachineAliasArn=made["alias"])["routingConfiguration"]
        self.assertNotEqual(before, after)
        described = states.describe_state_machine(stateMachineArn=after[0]["stateMachineVersionArn"])
        self.assertEqual(json.loads(described["definition"])["Comment"], "two")
        self.assertEqual(self.terraform("plan", "-detailed-exitcode", check=False, comment="two").returncode, 0)

        (group,) = self.client("logs").describe_log_groups(logGroupNamePrefix="/ml/")["logGroups"]
        self.assertEqual(group["retentionInDays"], 30)
        # The role is changed in its place.
        role = self.role()
        self.assertEqual((role["RoleId"], role["CreateDate"]), (before_role["RoleId"], before_role["CreateDate"]))
        self.assertEqual((role["Description"], role["MaxSessionDuration"]), ("runs two", 7200))
        self.assertEqual(role["AssumeRolePolicyDocument"]["Statement"][0]["Sid"], "two")
        tags = {tag["Key"]: tag["Value"] for tag in role["Tags"]}
        self.assertEqual(tags, {"team": "two", "two": "is set"})

        self.terraform("destroy", "-auto-approve", comment="two")
        self.assertEqual(states.list_state_machines()["stateMachines"], [])
        events = self.client("events")
        self.assertEqual((events.list_rules()["Rules"], events.list_archives()["Archives"]), ([], []))
        self.assertEqual([bus["Name"] for bus in events.list_event_buses()["EventBuses"]], ["default"])
        self.assertEqual(self.client("scheduler").list_schedules()["Schedules"], [])
        groups = self.client("scheduler").list_schedule_groups()["ScheduleGroups"]
        self.assertEqual([group["Name"] for group in groups], ["default"])
        self.assertEqual(self.client("sqs").list_queues().get("QueueUrls", []), [])
        self.assertEqual(self.client("logs").describe_log_groups()["logGroups"], [])
        self.assertNotIn("ml-models", [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]])


if __name__ == "__main__":
    unittest.main()
