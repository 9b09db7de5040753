"""Distributed Maps by boto3: items from S3, results there, and a server that is killed in the middle of a map run."""

import json
import os
import random
import time
import unittest

from harness import ROLE, WithServer, eventually

ITEMS = 300


class MapRuns(WithServer):
    flags = ("--auth", "off")

    @property
    def states(self):
        return self.client("stepfunctions")

    @property
    def s3(self):
        return self.client("s3")

    def begin(self, name, states, value, **more):
        each = {
            "Type": "Map",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": next(iter(states)),
                "States": states,
            },
            "End": True,
            **more,
        }
        definition = json.dumps({"StartAt": "Each", "States": {"Each": each}})
        machine = self.states.create_state_machine(name=name, definition=definition, roleArn=ROLE)
        started = self.states.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(value))
        return started["executionArn"]

    def over(self, arn, timeout=60):
        def ended():
            shown = self.states.describe_execution(executionArn=arn)
            return shown if shown["status"] != "RUNNING" else None

        return eventually(ended, timeout)

    def map_run(self, arn):
        runs = eventually(lambda: self.states.list_map_runs(executionArn=arn)["mapRuns"])
        return self.states.describe_map_run(mapRunArn=runs[0]["mapRunArn"])

    def children(self, run, **more):
        pages = self.states.get_paginator("list_executions").paginate(mapRunArn=run["mapRunArn"], **more)
        return [child for page in pages for child in page["executions"]]

    def fetch(self, key):
        return json.load(self.s3.get_object(Bucket="maps", Key=key)["Body"])

    def test_from_s3_to_s3(self):
        self.s3.create_bucket(Bucket="maps")
        rows = "".join(f"{n},{'yes' if n % 5 == 0 else 'no'}\n" for n in range(40))
        self.s3.put_object(Bucket="maps", Key="in.csv", Body="n,fails\n" + rows)
        states = {
            "Look": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.fails", "StringEquals": "yes", "Next": "No"}],
                "Default": "Yes",
            },
            "No": {"Type": "Fail", "Error": "Row.Bad", "Cause": "its number can be divided by five"},
            "Yes": {"Type": "Pass", "Parameters": {"was.$": "$.n"}, "End": True},
        }
        arn = self.begin(
            "csv",
            states,
            {},
            ItemReader={
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
                "Parameters": {"Bucket": "maps", "Key": "in.csv"},
            },
            ToleratedFailurePercentage=20,
            ResultWriter={
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {"Bucket": "maps", "Prefix": "out"},
            },
        )
        output = json.loads(self.over(arn)["output"])
        manifest = self.fetch(output["ResultWriterDetails"]["Key"])
        files = {kind: [self.fetch(file["Key"]) for file in of] for kind, of in manifest["ResultFiles"].items()}
        self.assertEqual(files["PENDING"], [])
        numbers = [int(json.loads(entry["Output"])["was"]) for entry in files["SUCCEEDED"][0]]
        self.assertEqual(numbers, [n for n in range(40) if n % 5])
        self.assertEqual({entry["Error"] for entry in files["FAILED"][0]}, {"Row.Bad"})
        run = self.map_run(arn)
        self.assertEqual((run["status"], run["itemCounts"]["succeeded"], run["itemCounts"]["failed"]),
                         ("SUCCEEDED", 32, 8))
        failed = self.children(run, statusFilter="FAILED", maxResults=3)
        self.assertEqual(len(failed), 8)
        child = self.states.describe_execution(executionArn=failed[0]["executionArn"])
        self.assertEqual((child["error"], child["mapRunArn"]), ("Row.Bad", run["mapRunArn"]))

    def test_a_map_run_is_stopped_with_its_execution(self):
        arn = self.begin("stopped", {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}, [1, 2, 3], MaxConcurrency=2)
        eventually(lambda: self.map_run(arn)["executionCounts"]["running"] == 2)
        self.states.stop_execution(executionArn=arn)
        eventually(lambda: self.map_run(arn)["status"] == "ABORTED")
        counts = self.map_run(arn)["executionCounts"]
        self.assertEqual((counts["aborted"], counts["pending"], counts["running"]), (2, 1, 0))

    def test_kills_in_the_middle_of_a_map_run(self):
        """However often the server is killed: every item has one child, which has run once."""
        seed = int(os.environ.get("CRASH_SEED", random.randrange(2**32)))
        print(f"CRASH_SEED={seed}")
        dice = random.Random(seed)
        states = {
            "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Pass"},
            "Pass": {"Type": "Pass", "Parameters": {"was.$": "$"}, "End": True},
        }
        arn = self.begin("killed", states, list(range(ITEMS)), MaxConcurrency=60)
        kills = 0
        while self.states.describe_execution(executionArn=arn)["status"] == "RUNNING" and kills < 40:
            time.sleep(dice.uniform(0.05, 0.6))  # the moment of the kill; nothing waits for it
            self.server.kill()
            self.server.start()
            kills += 1
        self.assertGreater(kills, 3)
        shown = self.over(arn, 120)
        self.assertEqual(json.loads(shown["output"]), [{"was": n} for n in range(ITEMS)])
        run = self.map_run(arn)
        self.assertEqual(run["executionCounts"]["succeeded"], ITEMS)
        children = self.children(run)
        self.assertEqual(len({child["name"] for child in children}), ITEMS)
        for child in dice.sample(children, 30):
            events = self.states.get_execution_history(executionArn=child["executionArn"])["events"]
            self.assertEqual([event["id"] for event in events], list(range(1, len(events) + 1)))
            types = [event["type"] for event in events]
            expect = ["ExecutionStarted", "WaitStateEntered", "WaitStateExited", "PassStateEntered",
                      "PassStateExited", "ExecutionSucceeded"]
            self.assertEqual(types, expect)


if __name__ == "__main__":
    unittest.main()
