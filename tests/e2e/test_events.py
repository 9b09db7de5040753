"""Amazon EventBridge, by boto3 and the `aws` CLI: buses, rules, targets, events; what a rule starts, it starts once."""

import json
import re
import unittest

from botocore.exceptions import ClientError
from harness import ACCOUNT, REGION, ROLE, WithServer, eventually, paged, run

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}"


class Events(WithServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.events, cls.states = cls.client("events"), cls.client("stepfunctions")

    def setUp(self):
        """A state machine that keeps what it is started with, and names of the test's own."""
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.kept = self.machine(self.me, {"Keep": {"Type": "Succeed"}})

    def rule(self, pattern, name=None, target=None, **more):
        name = name or self.me
        self.events.put_rule(Name=name, EventPattern=json.dumps(pattern), **more)
        bus = {"EventBusName": more["EventBusName"]} if "EventBusName" in more else {}
        target = {"Id": "keep", "Arn": self.kept, "RoleArn": ROLE, **(target or {})}
        answer = self.events.put_targets(Rule=name, Targets=[target], **bus)
        self.assertEqual(answer["FailedEntryCount"], 0, answer)

    def tell(self, detail, source=None, **more):
        entry = {"Source": source or self.me, "DetailType": "Told", "Detail": json.dumps(detail), **more}
        answer = self.events.put_events(Entries=[entry])
        self.assertEqual(answer["FailedEntryCount"], 0, answer)
        return answer["Entries"][0]["EventId"]

    def inputs(self):
        """What the state machine was started with so far, by execution's name."""
        pages = self.states.get_paginator("list_executions").paginate(stateMachineArn=self.kept)
        executions = [execution for page in pages for execution in page["executions"]]
        describe = lambda e: self.states.describe_execution(executionArn=e["executionArn"])  # noqa: E731
        return {e["name"]: json.loads(describe(e)["input"]) for e in executions}

    def arrive(self, count):
        """Waits until so many have arrived."""

        def all_there():
            seen = self.inputs()
            return seen if len(seen) >= count else None

        seen = eventually(all_there)
        self.assertEqual(len(seen), count)
        return seen

    def test_a_rule_starts_an_execution(self):
        self.rule({"source": [self.me], "detail": {"n": [{"numeric": [">", 1]}]}})
        self.tell({"n": 1})
        event = self.tell({"n": 2}, Resources=["arn:aws:s3:::x"])
        ((name, told),) = self.arrive(1).items()
        self.assertRegex(name, rf"^{re.escape(event)}_[0-9a-f-]{{36}}$")
        self.assertLessEqual(len(name), 80)
        self.assertEqual((told["id"], told["source"], told["detail-type"]), (event, self.me, "Told"))
        self.assertEqual((told["detail"], told["account"], told["region"]), ({"n": 2}, ACCOUNT, REGION))
        self.assertEqual((told["resources"], told["version"]), (["arn:aws:s3:::x"], "0"))
        self.assertRegex(told["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_patterns(self):
        """What one pattern takes and leaves of four events; a last event that all take says when to look."""
        details = [{"a": "one"}, {"a": "two", "b": None}, {"a": "three", "n": 3}, {"c": True}]
        for number, (pattern, taken) in enumerate(
            [
                ({"a": ["one", "two"]}, {0, 1}),
                ({"a": [{"prefix": "t"}]}, {1, 2}),
                ({"a": [{"anything-but": ["one", "three"]}]}, {1}),
                ({"a": [{"exists": False}]}, {3}),
                ({"n": [{"numeric": [">=", 3, "<", 4]}]}, {2}),
                ({"b": [None]}, {1}),
                ({"c": [True]}, {3}),
            ]
        ):
            with self.subTest(pattern=pattern):
                source = f"{self.me}-{number}"
                self.kept = self.machine(source, {"Keep": {"Type": "Succeed"}})
                self.rule({"source": [source], "detail": pattern}, name=source)
                self.rule({"source": [source + "-end"]}, name=source + "-end")
                for index, detail in enumerate(details):
                    self.tell(detail, source, Resources=[str(index)])
                self.tell({}, source + "-end", Resources=["-1"])
                seen = self.arrive(len(taken) + 1).values()
                self.assertEqual({int(told["resources"][0]) for told in seen}, taken | {-1})

    def test_patterns_that_are_none(self):
        for pattern in ("{", "[]", '{"source": "x"}', "{}", '{"detail": {"n": [{"numeric": ["=", "x"]}]}}'):
            self.refused("InvalidEventPatternException", self.events.put_rule, Name=self.me, EventPattern=pattern)
        self.refused("ResourceNotFoundException", self.events.describe_rule, Name=self.me)

    def test_a_pattern_is_tried(self):
        event = {"id": "1", "account": ACCOUNT, "source": "app", "time": "2026-01-01T00:00:00Z", "region": REGION}
        event |= {"detail-type": "Told", "detail": {"state": "done"}}

        def tried(detail, event=event):
            pattern = json.dumps({"detail": {"state": detail}})
            return self.events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]

        self.assertIs(tried([{"prefix": "do"}]), True)
        self.assertIs(tried([{"anything-but": ["done"]}]), False)
        with self.assertRaises(self.events.exceptions.InvalidEventPatternException):
            tried("done")
        with self.assertRaisesRegex(ClientError, "Parameter Event is not valid."):
            tried(["done"], {"testEvent": "value"})

    def test_what_a_target_is_given(self):
        self.rule({"source": [self.me]}, target={"Input": '{"always": "this"}'})
        self.tell({"n": 1})
        self.assertEqual(list(self.arrive(1).values()), [{"always": "this"}])
        for count, (shape, given) in enumerate(
            [
                ({"InputPath": "$.detail.n"}, 7),
                (
                    {
                        "InputTransformer": {
                            "InputPathsMap": {"n": "$.detail.n", "who": "$.source"},
                            "InputTemplate": '{"text": "<who> says <n>", "n": <n>}',
                        }
                    },
                    {"text": f"{self.me} says 7", "n": 7},
                ),
            ],
            start=2,
        ):
            self.rule({"source": [self.me]}, target=shape)
            event = self.tell({"n": 7})
            seen = self.arrive(count)
            self.assertEqual([value for name, value in seen.items() if name.startswith(event)], [given])

    def test_rules(self):
        self.rule({"source": [self.me]}, Description="first")
        seen = self.events.describe_rule(Name=self.me)
        self.assertEqual((seen["State"], seen["Arn"]), ("ENABLED", f"{ARN}:rule/{self.me}"))
        self.events.disable_rule(Name=self.me)
        self.assertEqual(self.events.describe_rule(Name=self.me)["State"], "DISABLED")
        self.tell({"told": "while disabled"})
        self.events.enable_rule(Name=self.me)
        self.tell({"told": "later"})
        self.assertEqual([told["detail"]["told"] for told in self.arrive(1).values()], ["later"])
        self.refused("ValidationException", self.events.delete_rule, Name=self.me)
        self.assertEqual(self.events.list_targets_by_rule(Rule=self.me)["Targets"][0]["Id"], "keep")
        self.assertEqual(self.events.remove_targets(Rule=self.me, Ids=["keep"])["FailedEntryCount"], 0)
        self.assertEqual(self.events.list_targets_by_rule(Rule=self.me)["Targets"], [])
        self.events.delete_rule(Name=self.me)
        self.events.delete_rule(Name=self.me)
        for call in (self.events.describe_rule, self.events.enable_rule, self.events.disable_rule):
            self.refused("ResourceNotFoundException", call, Name=self.me)
        self.refused("ResourceNotFoundException", self.events.put_targets, Rule=self.me, Targets=[{"Id": "a", "Arn": self.kept}])

    def test_paging(self):
        for n in range(5):
            self.events.put_rule(Name=f"page-{n}", EventPattern='{"source": ["none"]}')
        rules, pages = paged(
            self.events.list_rules, "Rules", size="Limit", token="NextToken", NamePrefix="page-"
        )
        self.assertEqual(([rule["Name"] for rule in rules], pages), ([f"page-{n}" for n in range(5)], 3))
        self.events.put_targets(
            Rule="page-0", Targets=[{"Id": f"t{n}", "Arn": self.kept, "RoleArn": ROLE} for n in range(5)]
        )
        targets, pages = paged(
            self.events.list_targets_by_rule, "Targets", size="Limit", token="NextToken", Rule="page-0"
        )
        self.assertEqual(({target["Id"] for target in targets}, pages), ({f"t{n}" for n in range(5)}, 3))

    def test_schedules(self):
        for schedule in ("rate(5 minutes)", "cron(0/15 8-18 ? * MON-FRI *)"):
            self.events.put_rule(Name=self.me, ScheduleExpression=schedule, State="DISABLED")
            self.assertEqual(self.events.describe_rule(Name=self.me)["ScheduleExpression"], schedule)
        for schedule in ("rate(1 minutes)", "rate(0 hours)", "cron(* * * * *)", "cron(0 0 * * * *)", "often"):
            self.refused("ValidationException", self.events.put_rule, Name=self.me, ScheduleExpression=schedule)

    def test_buses(self):
        made = self.events.create_event_bus(Name="shop")
        self.assertEqual(made["EventBusArn"], f"{ARN}:event-bus/shop")
        self.refused("ResourceAlreadyExistsException", self.events.create_event_bus, Name="shop")
        self.assertEqual(self.events.describe_event_bus(Name="shop")["Arn"], f"{ARN}:event-bus/shop")
        self.assertEqual({b["Name"] for b in self.events.list_event_buses()["EventBuses"]}, {"default", "shop"})
        self.rule({"source": [self.me]}, EventBusName="shop")
        self.tell({"bus": "default"})
        self.tell({"bus": "shop"}, EventBusName="shop")
        self.assertEqual([told["detail"]["bus"] for told in self.arrive(1).values()], ["shop"])
        self.refused("ValidationException", self.events.delete_event_bus, Name="default")
        self.refused("ResourceNotFoundException", self.events.describe_event_bus, Name="nowhere")
        self.events.remove_targets(Rule=self.me, EventBusName="shop", Ids=["keep"])
        self.events.delete_rule(Name=self.me, EventBusName="shop")
        self.events.delete_event_bus(Name="shop")
        self.refused("ResourceNotFoundException", self.events.describe_event_bus, Name="shop")

    def test_events_that_are_none(self):
        """One bad entry does not hold up the others."""
        self.rule({"source": [self.me]})
        good = {"Source": self.me, "DetailType": "Told", "Detail": "{}"}
        answer = self.events.put_events(
            Entries=[good, {**good, "Detail": "{"}, {**good, "Detail": "[1]"}, {"Source": self.me, "Detail": "{}"}]
        )
        self.assertEqual(answer["FailedEntryCount"], 3)
        codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
        self.assertEqual(codes, [None, "MalformedDetail", "MalformedDetail", "InvalidArgument"])
        self.arrive(1)
        self.refused("ValidationException", self.events.put_events, Entries=[good] * 11)

    def test_what_is_told_arrives_once(self):
        """kill -9 after each of some acknowledgements: every event starts one execution, whatever was redelivered."""
        self.rule({"source": [self.me]})
        told = set()
        for _ in range(4):
            entries = [{"Source": self.me, "DetailType": "Told", "Detail": "{}"}] * 5
            told |= {entry["EventId"] for entry in self.events.put_events(Entries=entries)["Entries"]}
            self.server.kill()
            self.server.start()
        seen = self.arrive(20)
        self.assertEqual({name.split("_")[0] for name in seen}, told)

    def test_a_machine_hears_of_another(self):
        """An execution's change of status is an event."""
        other = self.machine(self.me + "-other", {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}})
        pattern = {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"status": ["FAILED"], "stateMachineArn": [other]},
        }
        self.rule(pattern)
        execution = self.started(other)
        self.ended(execution, "FAILED")
        (told,) = self.arrive(1).values()
        self.assertEqual((told["detail"]["executionArn"], told["detail"]["status"]), (execution, "FAILED"))
        self.assertEqual(told["resources"], [execution])

    def test_by_the_aws_cli(self):
        self.server.aws("events", "put-rule", "--name", self.me, "--event-pattern", '{"source": ["cli"]}')
        target = f"Id=one,Arn={self.kept},RoleArn={ROLE}"
        self.server.aws("events", "put-targets", "--rule", self.me, "--targets", target)
        entry = json.dumps([{"Source": "cli", "DetailType": "d", "Detail": '{"by": "aws"}'}])
        self.server.aws("events", "put-events", "--entries", entry)
        (told,) = self.arrive(1).values()
        self.assertEqual(told["detail"], {"by": "aws"})
        missing = run(["aws", "events", "describe-rule", "--name", "none"], env=self.server.environment(), check=False)
        self.assertIn("ResourceNotFoundException", missing.stderr)


if __name__ == "__main__":
    unittest.main()
