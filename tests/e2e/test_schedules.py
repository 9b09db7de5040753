"""Amazon EventBridge Scheduler, by boto3, the `aws` CLI, a template and `trainyard schedules`: what is due is done once,
whenever the server ends."""

import datetime
import json
import re
import time
import unittest
import urllib.error
import urllib.request

from harness import ACCOUNT, REGION, ROLE, WithServer, eventually, paged

ARN = f"arn:aws:scheduler:{REGION}:{ACCOUNT}"
OFF = {"Mode": "OFF"}
HOUR = datetime.timedelta(hours=1)


def at(seconds):
    """A one-time expression of a moment that is so far away, and that moment as a schedule's input says it."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return f"at({moment:%Y-%m-%dT%H:%M:%S})", f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class Schedules(WithServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scheduler, cls.states = cls.client("scheduler"), cls.client("stepfunctions")

    def setUp(self):
        """A state machine that keeps what it is started with, and names of the test's own."""
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.kept = self.machine(self.me, {"Keep": {"Type": "Succeed"}})

    def create(self, expression, name=None, target=None, **more):
        given = {"Arn": self.kept, "RoleArn": ROLE, **(target or {})}
        with_window = {"FlexibleTimeWindow": OFF, **more}
        made = self.scheduler.create_schedule(
            Name=name or self.me, ScheduleExpression=expression, Target=given, **with_window
        )
        return made["ScheduleArn"]

    def executions(self):
        pages = self.states.get_paginator("list_executions").paginate(stateMachineArn=self.kept)
        return [execution for page in pages for execution in page["executions"]]

    def inputs(self):
        """What the state machine was started with so far."""
        describe = lambda e: self.states.describe_execution(executionArn=e["executionArn"])  # noqa: E731
        return [json.loads(describe(e)["input"]) for e in self.executions()]

    def test_a_schedule_is_as_it_was_made(self):
        start = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + HOUR
        retries = {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 3}
        letters = {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters"}
        arn = self.create(
            "cron(0 9 ? * MON-FRI *)",
            target={"Input": '{"a": 1}', "RetryPolicy": retries, "DeadLetterConfig": letters},
            ScheduleExpressionTimezone="Europe/Rome",
            Description="every working day",
            StartDate=start,
            EndDate=start + 24 * HOUR,
            State="DISABLED",
            KmsKeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
            FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
            ActionAfterCompletion="DELETE",
        )
        self.assertEqual(arn, f"{ARN}:schedule/default/{self.me}")
        seen = self.scheduler.get_schedule(Name=self.me)
        self.assertEqual((seen["Arn"], seen["GroupName"]), (arn, "default"))
        self.assertEqual((seen["StartDate"], seen["EndDate"]), (start, start + 24 * HOUR))
        self.assertEqual((seen["State"], seen["ActionAfterCompletion"]), ("DISABLED", "DELETE"))
        self.assertEqual(seen["FlexibleTimeWindow"], {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
        self.assertEqual(seen["ScheduleExpressionTimezone"], "Europe/Rome")
        self.assertEqual(seen["KmsKeyArn"], f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k")
        target = {"Arn": self.kept, "RoleArn": ROLE, "Input": '{"a": 1}', "RetryPolicy": retries}
        self.assertEqual(seen["Target"], {**target, "DeadLetterConfig": letters})
        # An update sets what it does not say to its default.
        self.scheduler.update_schedule(
            Name=self.me, ScheduleExpression="rate(2 minute)", State="DISABLED", FlexibleTimeWindow=OFF,
            Target={"Arn": self.kept, "RoleArn": ROLE},
        )
        changed = self.scheduler.get_schedule(Name=self.me)
        for gone in ("Description", "StartDate", "EndDate", "KmsKeyArn"):
            self.assertNotIn(gone, changed)
        self.assertEqual((changed["ScheduleExpressionTimezone"], changed["ActionAfterCompletion"]), ("UTC", "NONE"))
        usual = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
        self.assertEqual(changed["Target"], {"Arn": self.kept, "RoleArn": ROLE, "RetryPolicy": usual})
        self.assertEqual(changed["CreationDate"], seen["CreationDate"])
        self.assertGreater(changed["LastModificationDate"], seen["LastModificationDate"])
        self.scheduler.delete_schedule(Name=self.me)
        said = self.refused("ResourceNotFoundException", self.scheduler.get_schedule, Name=self.me)
        self.assertEqual(said, f"Schedule {self.me} does not exist.")
        self.refused("ResourceNotFoundException", self.scheduler.delete_schedule, Name=self.me)

    def test_refusals(self):
        refused = lambda code="ValidationException", **given: self.refused(  # noqa: E731
            code,
            self.scheduler.create_schedule,
            **{
                "Name": self.me,
                "ScheduleExpression": "rate(1 day)",
                "FlexibleTimeWindow": OFF,
                "Target": {"Arn": self.kept, "RoleArn": ROLE},
                **given,
            },
        )
        for wrong in ("cron(0 1 * * * *)", "rate( 10 minutes )", "at(2021-12-31T23:59:59Z)", " rate(1 day)", "often"):
            self.assertEqual(refused(ScheduleExpression=wrong), f"Invalid Schedule Expression {wrong}.")
        self.assertIn("Mars", refused(ScheduleExpressionTimezone="Mars/Olympus"))
        self.assertIn("at 'name'", refused(Name="a b"))
        self.assertIn("no such operation", refused(
            Target={"Arn": "arn:aws:scheduler:::aws-sdk:dynamodb:putItem", "RoleArn": ROLE}
        ))
        self.assertIn("lambda", refused(
            Target={"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", "RoleArn": ROLE}
        ))
        self.assertEqual(refused("ResourceNotFoundException", GroupName="none"), "Schedule group none does not exist.")
        self.create("rate(1 day)", State="DISABLED")
        self.assertEqual(refused("ConflictException"), f"Schedule {self.me} already exists.")
        # A role that was made here must trust the Scheduler.
        iam = self.client("iam")
        trust = lambda service: json.dumps({"Version": "2012-10-17", "Statement": [  # noqa: E731
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        ]})
        for service in ("events", "scheduler"):
            iam.create_role(RoleName=f"of-{service}", AssumeRolePolicyDocument=trust(f"{service}.amazonaws.com"))
        role = f"arn:aws:iam::{ACCOUNT}:role/of-"
        said = refused(Name="other", Target={"Arn": self.kept, "RoleArn": f"{role}events"})
        words = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        self.assertEqual(said, words)
        self.create("rate(1 day)", name="trusted", target={"RoleArn": f"{role}scheduler"}, State="DISABLED")

    def test_groups_tags_and_pages(self):
        group = f"{self.me}-group"
        made = self.scheduler.create_schedule_group(Name=group, Tags=[{"Key": "team", "Value": "ml"}])
        arn = made["ScheduleGroupArn"]
        self.assertEqual(arn, f"{ARN}:schedule-group/{group}")
        self.scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "a&b", "Value": "1"}, {"Key": "c", "Value": "2"}])
        self.scheduler.untag_resource(ResourceArn=arn, TagKeys=["a&b", "c"])
        self.assertEqual(
            self.scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"], [{"Key": "team", "Value": "ml"}]
        )
        names = [f"n{n}" for n in range(5)]
        for name in names:
            self.create("rate(1 day)", name=name, GroupName=group, State="DISABLED")
        size = {"size": "MaxResults", "token": "NextToken"}
        found, pages = paged(self.scheduler.list_schedules, "Schedules", GroupName=group, **size)
        self.assertEqual(([s["Name"] for s in found], pages), (names, 3))
        self.assertEqual(found[0]["Target"], {"Arn": self.kept})
        self.assertEqual(self.scheduler.list_schedules(GroupName=group, NamePrefix="n3")["Schedules"], found[3:4])
        self.assertEqual(self.scheduler.list_schedules(GroupName=group, State="ENABLED")["Schedules"], [])
        self.refused("ResourceNotFoundException", self.scheduler.list_schedules, GroupName="none")
        self.refused("ValidationException", self.scheduler.list_schedules, NextToken="made-up")
        groups = self.scheduler.list_schedule_groups()["ScheduleGroups"]
        self.assertEqual(groups[0]["Name"], "default")
        self.assertIn(group, [g["Name"] for g in groups])
        self.assertEqual(self.scheduler.get_schedule_group(Name="default")["State"], "ACTIVE")
        self.scheduler.delete_schedule_group(Name=group)
        eventually(lambda: not self.scheduler.list_schedule_groups(NamePrefix=group)["ScheduleGroups"])
        self.refused("ResourceNotFoundException", self.scheduler.get_schedule, Name="n1", GroupName=group)

    def test_the_aws_cli(self):
        made = self.server.aws(
            "scheduler", "create-schedule", "--name", self.me, "--schedule-expression", "rate(5 minutes)",
            "--state", "DISABLED", "--flexible-time-window", "Mode=OFF", "--target",
            json.dumps({"Arn": self.kept, "RoleArn": ROLE, "Input": "{}"}),
        )
        self.assertEqual(made["ScheduleArn"], f"{ARN}:schedule/default/{self.me}")
        seen = self.server.aws("scheduler", "get-schedule", "--name", self.me)
        self.assertEqual((seen["State"], seen["Target"]["Input"]), ("DISABLED", "{}"))

    def test_what_is_not_signed_well_is_refused_in_the_services_own_protocol(self):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            signed = f"AWS4-HMAC-SHA256 Credential=x/20260101/{REGION}/scheduler/aws4_request, SignedHeaders=host, Signature=0"
            urllib.request.urlopen(urllib.request.Request(f"{self.server.url}/schedules", headers={"Authorization": signed}))
        answer = caught.exception
        self.assertIn("json", answer.headers["content-type"])
        json.loads(answer.read())
        answer.close()

    def test_a_one_time_schedule_starts_an_execution_and_goes(self):
        expression, moment = at(2)
        words = '{"at": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>", "try": "<aws.scheduler.attempt-number>"}'
        arn = self.create(expression, target={"Input": words}, ActionAfterCompletion="DELETE")
        (told,) = eventually(self.inputs)
        self.assertEqual(told, {"at": moment, "by": arn, "try": "1"})
        gone = lambda: not self.scheduler.list_schedules(NamePrefix=self.me)["Schedules"]  # noqa: E731
        eventually(gone)
        self.assertEqual(len(self.executions()), 1)

    def test_targets_of_every_kind(self):
        """An operation of its own, an event on a bus, and no input at all."""
        pattern = json.dumps({"source": ["of.schedule"], "detail": {"n": [1]}})
        events = self.client("events")
        events.put_rule(Name=self.me, EventPattern=pattern)
        events.put_targets(Rule=self.me, Targets=[{"Id": "keep", "Arn": self.kept, "RoleArn": ROLE}])
        expression, moment = at(2)
        bus = {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default", "Input": '{"n": 1}'}
        of = {"DetailType": "Due", "Source": "of.schedule"}
        self.create(expression, name=f"{self.me}-event", target={**bus, "EventBridgeParameters": of})
        direct = {"StateMachineArn": self.kept, "Input": json.dumps({"kind": "universal"})}
        universal = {"Arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution", "Input": json.dumps(direct)}
        self.create(expression, name=f"{self.me}-universal", target=universal)
        plain = self.create(expression, name=f"{self.me}-plain")
        seen = eventually(lambda: self.inputs() if len(self.executions()) >= 3 else None)
        self.assertEqual(len(seen), 3)
        event = next(told for told in seen if told.get("detail-type") == "Due")
        self.assertEqual((event["detail"], event["source"]), ({"n": 1}, "of.schedule"))
        self.assertIn({"kind": "universal"}, seen)
        default = next(told for told in seen if told.get("detail-type") == "Scheduled Event")
        self.assertEqual((default["resources"], default["time"], default["detail"]), ([plain], moment, "{}"))

    def test_a_template_makes_schedules(self):
        template = f"""
Resources:
  Nightly:
    Type: AWS::Scheduler::ScheduleGroup
    Properties: {{Name: nightly, Tags: [{{Key: team, Value: ml}}]}}
  Retrain:
    Type: AWS::Scheduler::Schedule
    Properties:
      GroupName: !Ref Nightly
      ScheduleExpression: cron(30 2 * * ? *)
      ScheduleExpressionTimezone: Europe/Rome
      FlexibleTimeWindow: {{Mode: FLEXIBLE, MaximumWindowInMinutes: "10"}}
      Target:
        Arn: {self.kept}
        RoleArn: {ROLE}
        RetryPolicy: {{MaximumRetryAttempts: 2}}
Outputs:
  Arn: {{Value: !GetAtt Retrain.Arn}}
"""
        directory = self.directory / self.me
        directory.mkdir()
        file = directory / "template.yaml"
        file.write_text(template)
        deploy = lambda: self.server.trainyard("deploy", "--stack-name", "scheduled", cwd=directory, check=False)  # noqa: E731
        made = deploy()
        self.assertEqual(made.returncode, 0, made.stderr)
        (listed,) = self.scheduler.list_schedules(GroupName="nightly")["Schedules"]
        seen = self.scheduler.get_schedule(Name=listed["Name"], GroupName="nightly")
        self.assertRegex(seen["Name"], "^scheduled-Retrain-")
        self.assertEqual(seen["FlexibleTimeWindow"], {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10})
        self.assertEqual(seen["Target"]["RetryPolicy"]["MaximumRetryAttempts"], 2)
        # Of what is wrong the reason is told, which AWS keeps to itself.
        file.write_text(template.replace("cron(30 2 * * ? *)", "cron(30 2 * * * *)"))
        wrong = deploy()
        self.assertNotEqual(wrong.returncode, 0)
        self.assertIn("one of the two day fields must be `?`", wrong.stderr)
        file.write_text(template.replace("Europe/Rome", "America/New_York"))
        self.assertEqual(deploy().returncode, 0)
        seen = self.scheduler.get_schedule(Name=listed["Name"], GroupName="nightly")
        self.assertEqual(seen["ScheduleExpressionTimezone"], "America/New_York")

    def test_a_state_machine_of_sam_has_schedules(self):
        expression, moment = at(6)
        template = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Letters: {{Type: AWS::SQS::Queue}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: of-sam
      Definition: {{StartAt: Keep, States: {{Keep: {{Type: Succeed}}}}}}
      Events:
        Once:
          Type: ScheduleV2
          Properties: {{ScheduleExpression: "{expression}", Input: '{{"at": "<aws.scheduler.scheduled-time>"}}'}}
        Nightly:
          Type: ScheduleV2
          Properties:
            Name: of-sam-nightly
            ScheduleExpression: cron(30 2 * * ? *)
            ScheduleExpressionTimezone: Europe/Rome
            FlexibleTimeWindow: {{Mode: FLEXIBLE, MaximumWindowInMinutes: 10}}
            StartDate: "2098-01-01T00:00:00Z"
            EndDate: "2099-01-01T00:00:00Z"
            State: DISABLED
            Description: each night
            RetryPolicy: {{MaximumRetryAttempts: 2}}
            DeadLetterConfig: {{Arn: !GetAtt Letters.Arn}}
Outputs:
  Machine: {{Value: !Ref Machine}}
"""
        directory = self.directory / self.me
        directory.mkdir()
        file = directory / "template.yaml"

        def deploy(text):
            file.write_text(text)
            return self.server.trainyard("deploy", "--stack-name", "of-sam", cwd=directory, check=False)

        made = deploy(template)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.kept = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:of-sam"
        self.assertEqual(eventually(self.inputs), [{"at": moment}])
        self.assertEqual(self.scheduler.get_schedule(Name="MachineOnce")["FlexibleTimeWindow"], OFF)
        seen = self.scheduler.get_schedule(Name="of-sam-nightly")
        self.assertEqual((seen["State"], seen["Description"]), ("DISABLED", "each night"))
        self.assertEqual((seen["StartDate"].year, seen["EndDate"].year), (2098, 2099))
        self.assertEqual(seen["Target"]["Arn"], self.kept)
        self.assertEqual(seen["Target"]["RetryPolicy"]["MaximumRetryAttempts"], 2)
        self.assertRegex(seen["Target"]["DeadLetterConfig"]["Arn"], ":of-sam-Letters-")
        role = self.client("iam").get_role(RoleName=seen["Target"]["RoleArn"].rsplit("/", 1)[1])["Role"]
        trusted = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        self.assertEqual(trusted, {"Service": ["scheduler.amazonaws.com"]})
        self.assertEqual(deploy(template).stdout, "no changes: stack of-sam is up to date\n")
        wrong = deploy(template.replace("Description: each night", "PermissionsBoundary: none"))
        self.assertEqual(wrong.returncode, 65)
        self.assertIn("`PermissionsBoundary` of an event of this type is not supported", wrong.stderr)
        self.assertIn("/Resources/Machine/Properties/Events/Nightly", wrong.stderr)
        self.assertEqual(deploy(template.replace("State: DISABLED", "State: ENABLED")).returncode, 0)
        self.assertEqual(self.scheduler.get_schedule(Name="of-sam-nightly")["State"], "ENABLED")
        start, end = template.index("        Nightly:"), template.index("Outputs:")
        self.assertEqual(deploy(template[:start] + template[end:]).returncode, 0)
        self.refused("ResourceNotFoundException", self.scheduler.get_schedule, Name="of-sam-nightly")

    def test_the_command_shows_times_in_their_zone_and_here(self):
        shown = self.server.trainyard(
            "schedules", "next", "cron(30 2 * * ? *)", "--zone", "Europe/Rome", "--from", "2026-03-28T00:00:00Z",
            "-n", "2", TZ="America/New_York",
        ).stdout
        self.assertEqual(
            [re.split(" {2,}", line) for line in shown.splitlines()][1:],
            [
                ["2026-03-28 02:30:00 CET", "2026-03-27 21:30:00 EDT", "2026-03-28T01:30:00Z"],
                ["2026-03-30 02:30:00 CEST", "2026-03-29 20:30:00 EDT", "2026-03-30T00:30:00Z"],
            ],
        )
        wrong = self.server.trainyard("schedules", "next", "cron(0 1 * * * *)", check=False)
        self.assertEqual(wrong.returncode, 65)
        self.assertIn("one of the two day fields must be `?`", wrong.stderr)
        self.create("cron(0 12 1 1 ? *)", ScheduleExpressionTimezone="Asia/Tokyo")
        self.client("events").put_rule(Name=f"{self.me}-rule", ScheduleExpression="cron(0 12 1 1 ? *)")
        listed = json.loads(self.server.trainyard("schedules", "-n", "2", "-o", "json").stdout)
        by_kind = {each["kind"]: each for each in listed if self.me in each["name"]}
        self.assertRegex(by_kind["schedule"]["next"][1], r"^\d{4}-01-01T03:00:00.000Z$")
        self.assertRegex(by_kind["rule"]["next"][0], r"^\d{4}-01-01T12:00:00.000Z$")
        table = self.server.trainyard("schedules", TZ="UTC").stdout
        self.assertRegex(table, rf"schedule +default/{self.me} .*-01-01 12:00:00 JST +\d{{4}}-01-01 03:00:00 UTC")


class Killed(WithServer):
    """A server of its own: it is killed."""

    def executions(self, machine):
        return self.server.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]

    def test_what_was_due_while_the_server_was_down_is_done_once(self):
        machine = self.machine("kept", {"Keep": {"Type": "Succeed"}})
        scheduler = self.client("scheduler")
        target = {"Arn": machine, "RoleArn": ROLE, "Input": '{"n": "<aws.scheduler.scheduled-time>"}'}
        moments = []
        for n in range(10):
            # Killed before all, between them, and after the last.
            expression, moment = at(2 + n / 2)
            moments.append(moment)
            scheduler.create_schedule(
                Name=f"s{n}", ScheduleExpression=expression, FlexibleTimeWindow=OFF, Target=target
            )
        end = time.monotonic() + 8
        kills = 0
        while time.monotonic() < end:
            self.server.kill()
            kills += 1
            self.server.start()
            time.sleep(0.3)  # so long it works before it is killed again
        self.server.kill()
        self.server.start()
        seen = eventually(lambda: found if len(found := self.executions(machine)) >= 10 else None)
        self.assertEqual(len(seen), 10, f"after {kills} kills")
        states = self.server.client("stepfunctions")
        told = [json.loads(states.describe_execution(executionArn=e["executionArn"])["input"])["n"] for e in seen]
        self.assertEqual(sorted(told), sorted(moments))
        # All wake-ups are gone: nothing comes after.
        listed = json.loads(self.server.trainyard("schedules", "-o", "json").stdout)
        self.assertTrue(all(each["next"] == [] and each["last"] for each in listed), listed)
        self.assertEqual(len(self.executions(machine)), 10)


if __name__ == "__main__":
    unittest.main()
