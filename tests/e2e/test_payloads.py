"""Data that is larger than AWS takes: `--payload-limit`, by boto3 and `trainyard`, over kill -9."""

import json
import pathlib
import tempfile
import unittest

from harness import ACCOUNT, REGION, Server, WithServer, run, BINARY, AMBIENT

ARN = f"arn:aws:states:{REGION}:{ACCOUNT}"
MEGABYTE = 1_000_000


def large(letter):
    return {"text": letter * MEGABYTE}


class Payloads(WithServer):
    flags = ("--payload-limit", "4MiB")

    @property
    def states(self):
        return self.client("stepfunctions")

    def kept(self, *parts):
        """How many bytes the files there have."""
        files = self.server.data.joinpath(*parts).rglob("*")
        return sum(file.stat().st_size for file in files if file.is_file())

    def taken(self, name):
        task = self.states.get_activity_task(activityArn=f"{ARN}:activity:{name}", workerName="w")
        self.assertTrue(task["taskToken"])
        return task

    def test_a_chain_hands_on_a_megabyte_over_kills(self):
        activity = self.states.create_activity(name="large")["activityArn"]
        chain = {f"P{n}": {"Type": "Pass", "Next": f"P{n + 1}" if n < 9 else "Ask"} for n in range(10)}
        ask = {"Type": "Task", "Resource": activity, "ResultPath": "$.said", "Next": "Last"}
        machine = self.machine("chain", {**chain, "Ask": ask, "Last": {"Type": "Pass", "End": True}})
        execution = self.started(machine, large("x"), name="x")
        self.server.kill()
        self.server.start()
        task = self.taken("large")
        self.assertEqual(json.loads(task["input"]), large("x"))
        self.server.kill()
        self.server.start()
        self.states.send_task_success(taskToken=task["taskToken"], output=json.dumps(large("y")))
        shown = self.ended(execution)
        both = {**large("x"), "said": large("y")}
        self.assertTrue(json.loads(shown["input"]) == large("x") and json.loads(shown["output"]) == both)
        self.server.kill()
        self.server.start()
        history = self.history(execution)
        self.assertEqual([event["id"] for event in history], list(range(1, len(history) + 1)))
        entered = [event["stateEnteredEventDetails"] for event in history if "stateEnteredEventDetails" in event]
        self.assertEqual([state["name"] for state in entered], [*chain, "Ask", "Last"])
        self.assertTrue(all(json.loads(state["input"]) == large("x") for state in entered[:11]))
        self.assertTrue(json.loads(history[-1]["executionSucceededEventDetails"]["output"]) == both)
        listed = self.states.list_executions(stateMachineArn=machine)["executions"]
        self.assertEqual([one["name"] for one in listed], ["x"])
        shown = self.server.trainyard("executions", "show", execution, "--at", "3", "-o", "json").stdout
        self.assertIn("x" * MEGABYTE, shown)
        definition = self.server.data.parent / "chain.asl.json"
        definition.write_text(self.states.describe_state_machine(stateMachineArn=machine)["definition"])
        self.server.trainyard("executions", "replay", execution, "--definition", definition)
        # More than 20 events have a megabyte each; the store has none of them. What was given, as it was spelt and
        # without a space, the answer and both together are there once.
        self.assertLess(self.kept("store"), MEGABYTE)
        self.assertLess(self.kept("blobs"), 6 * MEGABYTE)

    def test_callers_and_children_have_large_data(self):
        child = self.machine("child", {"Give": {"Type": "Pass", "Result": {"n": 1}, "ResultPath": "$.more", "End": True}})
        call = {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": child, "Input.$": "$"},
            "OutputPath": "$.Output",
            "End": True,
        }
        done = self.ended(self.started(self.machine("parent", {"Call": call}), {"text": "ü" * 300_000}))
        self.assertTrue(json.loads(done["output"]) == {**{"text": "ü" * 300_000}, "more": {"n": 1}})
        one = {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}
        processor = {**one, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
        each = {"Type": "Map", "Label": "Each", "ItemProcessor": processor, "End": True}
        items = [large("a"), large("b"), large("c")]
        done = self.ended(self.started(self.machine("each", {"Each": each}), items))
        self.assertTrue(json.loads(done["output"]) == items)

    def test_what_is_waited_for_has_large_data(self):
        definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
        made = self.states.create_state_machine(
            name="express", definition=json.dumps(definition), roleArn=f"arn:aws:iam::{ACCOUNT}:role/r", type="EXPRESS"
        )
        import boto3
        from botocore.config import Config

        # Its own client puts `sync-` before the host.
        client = boto3.client(
            "stepfunctions",
            endpoint_url=self.server.url,
            region_name=REGION,
            aws_access_key_id=self.server.exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.server.exports["AWS_SECRET_ACCESS_KEY"],
            config=Config(inject_host_prefix=False),
        )
        done = client.start_sync_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(large("z")))
        self.assertTrue(json.loads(done["output"]) == large("z"))

    def test_more_than_that_is_refused(self):
        machine = self.machine("small", {"A": {"Type": "Pass", "End": True}})
        message = self.refused(
            "ValidationException",
            self.states.start_execution,
            stateMachineArn=machine,
            input=json.dumps("x" * (4 << 20)),
        )
        self.assertIn("less than or equal to 4194304", message)


class Limits(unittest.TestCase):
    def test_a_limit_that_cannot_be_is_refused(self):
        with tempfile.TemporaryDirectory() as directory:
            serve = [BINARY, "serve", "--listen", "127.0.0.1:0", "--data", pathlib.Path(directory) / "data"]
            for size in ("100KiB", "17MiB"):
                done = run([*serve, "--payload-limit", size], env=AMBIENT, check=False)
                self.assertEqual(done.returncode, 64)
                self.assertIn("at least 256 KiB, as at AWS, and at most 16 MiB", done.stderr)
            done = run([*serve, "--payload-limit", "4 MB"], env=AMBIENT, check=False)
            self.assertEqual(done.returncode, 64)

    def test_what_is_there_stays_when_the_limit_is_lowered(self):
        with tempfile.TemporaryDirectory() as directory:
            server = Server(pathlib.Path(directory) / "data", "--payload-limit", "4MiB").start()
            self.addCleanup(lambda: server.stop())
            states = server.client("stepfunctions")
            activity = states.create_activity(name="a")["activityArn"]
            ask = {"Type": "Task", "Resource": activity, "End": True}
            definition = json.dumps({"StartAt": "Ask", "States": {"Ask": ask}})
            role = f"arn:aws:iam::{ACCOUNT}:role/r"
            machine = states.create_state_machine(name="m", definition=definition, roleArn=role)["stateMachineArn"]
            execution = states.start_execution(stateMachineArn=machine, input=json.dumps(large("x")))["executionArn"]
            server.kill()
            server.flags = ()
            server.start()
            task = states.get_activity_task(activityArn=activity)
            self.assertTrue(json.loads(task["input"]) == large("x"))
            states.send_task_success(taskToken=task["taskToken"], output="1")
            shown = states.describe_execution(executionArn=execution)
            self.assertEqual((shown["status"], shown["output"]), ("SUCCEEDED", "1"))
            with self.assertRaises(states.exceptions.ClientError) as caught:
                states.start_execution(stateMachineArn=machine, input=json.dumps(large("x")))
            self.assertIn("less than or equal to 262144", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
