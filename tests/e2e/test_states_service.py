"""AWS Step Functions by boto3: express executions, logs, activities, versions and aliases, executions of executions,
and what of them survives a kill."""

import collections
import json
import socket
import threading
import unittest

from harness import ACCOUNT, REGION, ROLE, WithServer, eventually

ARN = f"arn:aws:states:{REGION}:{ACCOUNT}"
PASS = {"A": {"Type": "Pass", "Result": {"said": 1}, "End": True}}


class Service(WithServer):
    @property
    def states(self):
        return self.client("stepfunctions")

    @property
    def logs(self):
        return self.client("logs")

    def made(self, name, states, **more):
        definition = json.dumps({"StartAt": next(iter(states)), "States": states})
        return self.states.create_state_machine(name=name, definition=definition, roleArn=ROLE, **more)

    def group(self, name, level="ALL", data=True):
        """Makes a log group; the configuration that logs there."""
        self.logs.create_log_group(logGroupName=name)
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"
        destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]
        return {"level": level, "includeExecutionData": data, "destinations": destinations}

    def logged(self, group):
        """All events of a log group, in order."""
        found = []
        for stream in self.logs.describe_log_streams(logGroupName=group)["logStreams"]:
            more = {}
            while True:
                page = self.logs.get_log_events(
                    logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True, **more
                )
                found += [json.loads(event["message"]) for event in page["events"]]
                if more.get("nextToken") == page["nextForwardToken"]:
                    break
                more = {"nextToken": page["nextForwardToken"]}
        return found

    def synchronous(self):
        """A client that leaves `sync-` off, and one that puts it before `localhost`."""
        import boto3
        from botocore.config import Config

        keys = {
            "aws_access_key_id": self.server.exports["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": self.server.exports["AWS_SECRET_ACCESS_KEY"],
            "region_name": REGION,
        }
        plain = Config(inject_host_prefix=False, retries={"total_max_attempts": 1})
        return boto3.client("stepfunctions", endpoint_url=self.server.url, config=plain, **keys)

    def test_express(self):
        arn = self.made("quick", PASS, type="EXPRESS")["stateMachineArn"]
        self.assertEqual(self.states.describe_state_machine(stateMachineArn=arn)["type"], "EXPRESS")
        told = self.synchronous().start_sync_execution(stateMachineArn=arn, input='{"n": 1}', name="n")
        self.assertEqual((told["status"], json.loads(told["output"])), ("SUCCEEDED", {"said": 1}))
        self.assertEqual((told["name"], told["input"], told["stateMachineArn"]), ("n", '{"n": 1}', arn))
        self.assertTrue(told["executionArn"].startswith(f"{ARN}:express:quick:n:"), told["executionArn"])
        self.assertGreaterEqual(told["billingDetails"]["billedDurationInMilliseconds"], 100)
        self.assertEqual(told["billingDetails"]["billedMemoryUsedInMB"], 64)
        self.refused("InvalidArn", self.states.describe_execution, executionArn=told["executionArn"])
        self.refused("StateMachineTypeNotSupported", self.states.list_executions, stateMachineArn=arn)
        slow = self.made("slow", PASS)["stateMachineArn"]
        self.refused(
            "StateMachineTypeNotSupported", self.synchronous().start_sync_execution, stateMachineArn=slow
        )
        wait = {"W": {"Type": "Task", "Resource": "arn:aws:states:::events:putEvents.waitForTaskToken", "End": True}}
        self.refused("InvalidDefinition", self.made, name="waits", states=wait, type="EXPRESS")

    def test_express_takes_no_longer_than_it_may(self):
        definition = json.dumps(
            {"StartAt": "W", "TimeoutSeconds": 1, "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
        )
        made = self.states.create_state_machine(name="late", definition=definition, roleArn=ROLE, type="EXPRESS")
        told = self.synchronous().start_sync_execution(stateMachineArn=made["stateMachineArn"])
        self.assertEqual(told["status"], "TIMED_OUT")
        self.assertNotIn("output", told)

    def test_express_calls_tasks(self):
        find = {
            "Find": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sfn:describeStateMachine",
                "Parameters": {"StateMachineArn.$": "$.arn"},
                "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
                "End": True,
            }
        }
        arn = self.made("finds", find, type="EXPRESS")["stateMachineArn"]
        told = self.synchronous().start_sync_execution(stateMachineArn=arn, input=json.dumps({"arn": arn}))
        self.assertEqual(json.loads(told["output"])["Name"], "finds")
        lost = self.synchronous().start_sync_execution(stateMachineArn=arn, input=json.dumps({"arn": arn + "x"}))
        self.assertEqual((lost["status"], lost["error"]), ("FAILED", "Sfn.StateMachineDoesNotExistException"))

    def test_express_that_nobody_waits_for(self):
        logging = self.group("/express/alone")
        arn = self.made("alone", PASS, type="EXPRESS", loggingConfiguration=logging)["stateMachineArn"]
        begun = self.states.start_execution(stateMachineArn=arn)["executionArn"]
        events = eventually(lambda: [e for e in self.logged("/express/alone") if e["type"] == "ExecutionSucceeded"])
        self.assertEqual(events[0]["execution_arn"], begun)
        self.assertEqual(json.loads(events[0]["details"]["output"]), {"said": 1})

    def test_logs_are_the_history(self):
        """Each event once, also when the server is killed."""
        logging = self.group("/standard/all")
        states = {"W": {"Type": "Wait", "Seconds": 1, "Next": "A"}, **PASS}
        arn = self.made("logs", states, loggingConfiguration=logging)["stateMachineArn"]
        executions = [self.started(arn, {"n": n}) for n in range(30)]
        self.server.kill()
        self.server.start()
        for execution in executions:
            self.ended(execution)
        whole = collections.Counter(
            (execution, str(event["id"]), event["type"]) for execution in executions for event in self.history(execution)
        )
        seen = lambda: collections.Counter((e["execution_arn"], e["id"], e["type"]) for e in self.logged("/standard/all"))  # noqa: E731
        eventually(lambda: sum(seen().values()) >= sum(whole.values()))
        self.assertEqual(seen(), whole)

    def test_logs_without_a_place(self):
        none = {"level": "ALL", "destinations": []}
        said = self.refused("InvalidLoggingConfiguration", self.made, name="none", states=PASS, loggingConfiguration=none)
        self.assertEqual(said, "Invalid Logging Configuration: Must specify exactly one Log Destination.")

    def activity(self, name):
        return self.states.create_activity(name=name)["activityArn"]

    def test_activities(self):
        activity = self.activity("sew")
        self.assertEqual(self.activity("sew"), activity)
        self.refused("InvalidName", self.states.create_activity, name="s&w")
        task = {"T": {"Type": "Task", "Resource": activity, "HeartbeatSeconds": 60, "End": True}}
        arn = self.made("shop", task)["stateMachineArn"]
        # A worker that waits is given the task that comes.
        found = {}
        client = self.server.client("stepfunctions")
        worker = threading.Thread(
            target=lambda: found.update(client.get_activity_task(activityArn=activity, workerName="Ann"))
        )
        worker.start()
        execution = self.started(arn, {"cloth": "red"})
        worker.join(timeout=60)
        self.assertEqual(json.loads(found["input"]), {"cloth": "red"})
        self.states.send_task_heartbeat(taskToken=found["taskToken"])
        # It has the task: nobody else is given it, not even by another server.
        self.server.kill()
        self.server.start()
        self.states.send_task_success(taskToken=found["taskToken"], output='{"sewn": true}')
        self.assertEqual(json.loads(self.ended(execution)["output"]), {"sewn": True})
        types = [event["type"] for event in self.history(execution)]
        self.assertEqual(types[2:5], ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"])
        self.refused("TaskTimedOut", self.states.send_task_success, taskToken=found["taskToken"], output="{}")
        self.states.delete_activity(activityArn=activity)
        self.refused("ActivityDoesNotExist", self.states.get_activity_task, activityArn=activity)

    def test_a_worker_that_goes_away_takes_no_task_with_it(self):
        import botocore.exceptions
        from botocore.config import Config
        import boto3

        activity = self.activity("away")
        hasty = boto3.client(
            "stepfunctions",
            endpoint_url=self.server.url,
            region_name=REGION,
            aws_access_key_id=self.server.exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.server.exports["AWS_SECRET_ACCESS_KEY"],
            config=Config(read_timeout=1, retries={"total_max_attempts": 1}),
        )
        with self.assertRaises(botocore.exceptions.ReadTimeoutError):
            hasty.get_activity_task(activityArn=activity)
        hasty.close()
        task = {"T": {"Type": "Task", "Resource": activity, "End": True}}
        execution = self.started(self.made("away", task)["stateMachineArn"])
        found = self.states.get_activity_task(activityArn=activity)
        self.states.send_task_failure(taskToken=found["taskToken"], error="No", cause="thread")
        seen = self.ended(execution, "FAILED")
        self.assertEqual((seen["error"], seen["cause"]), ("No", "thread"))

    def test_a_task_that_was_not_read_to_its_end_is_given_to_another(self):
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        activity = self.activity("half-read")
        task = {"T": {"Type": "Task", "Resource": activity, "End": True}}
        execution = self.started(self.made("half-read", task)["stateMachineArn"], {"much": "x" * 250_000})
        body = json.dumps({"activityArn": activity})
        head = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AWSStepFunctions.GetActivityTask"}
        asked = AWSRequest("POST", self.server.url + "/", head, body)
        exports = self.server.exports
        keys = Credentials(exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(keys, "states", REGION).add_auth(asked)
        lines = [f"{name}: {value}" for name, value in asked.headers.items()]
        lines += [f"Host: {self.server.url.split('//')[1]}", f"Content-Length: {len(body)}"]
        with socket.socket() as worker:
            # So little fits between the two that most of the answer stays with the server.
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            worker.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            worker.settimeout(60)
            worker.connect(("127.0.0.1", self.server.port))
            worker.sendall(("POST / HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n" + body).encode())
            head = worker.recv(512).decode().lower()
            self.assertTrue(head.startswith("http/1.1 200"), head)
            self.assertIn("content-length: 250", head)
        found = self.states.get_activity_task(activityArn=activity)
        self.assertEqual(len(json.loads(found["input"])["much"]), 250_000)
        self.states.send_task_success(taskToken=found["taskToken"], output="1")
        self.assertEqual(self.ended(execution)["output"], "1")

    def test_versions_and_aliases(self):
        say = lambda n: {"A": {"Type": "Pass", "Result": n, "End": True}}  # noqa: E731
        made = self.made("versioned", say(1), publish=True, versionDescription="one")
        arn, first = made["stateMachineArn"], made["stateMachineVersionArn"]
        definition = json.dumps({"StartAt": "A", "States": say(2)})
        second = self.states.update_state_machine(stateMachineArn=arn, definition=definition, publish=True)
        second = second["stateMachineVersionArn"]
        self.assertEqual((first, second), (f"{arn}:1", f"{arn}:2"))
        self.assertEqual(self.states.describe_state_machine(stateMachineArn=first)["description"], "one")
        listed = self.states.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
        self.assertEqual([version["stateMachineVersionArn"] for version in listed], [second, first])
        routes = [{"stateMachineVersionArn": first, "weight": 0}, {"stateMachineVersionArn": second, "weight": 100}]
        alias = self.states.create_state_machine_alias(name="LIVE", routingConfiguration=routes)
        alias = alias["stateMachineAliasArn"]
        seen = self.ended(self.started(alias))
        self.assertEqual((seen["output"], seen["stateMachineVersionArn"]), ("2", second))
        self.assertEqual((seen["stateMachineAliasArn"], seen["stateMachineArn"]), (alias, arn))
        self.assertEqual(self.ended(self.started(first))["output"], "1")
        by_alias = self.states.list_executions(stateMachineArn=alias)["executions"]
        self.assertEqual([execution["executionArn"] for execution in by_alias], [seen["executionArn"]])
        said = self.refused("ConflictException", self.states.delete_state_machine_version, stateMachineVersionArn=first)
        self.assertTrue(said.endswith("[LIVE]"), said)
        only = [{"stateMachineVersionArn": second, "weight": 100}]
        self.states.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=only)
        self.states.delete_state_machine_version(stateMachineVersionArn=first)
        self.refused("StateMachineDoesNotExist", self.states.start_execution, stateMachineArn=first)
        self.states.delete_state_machine(stateMachineArn=arn)
        self.refused("ResourceNotFound", self.states.describe_state_machine_alias, stateMachineAliasArn=alias)

    def test_executions_of_executions(self):
        child = self.made("child", {"W": {"Type": "Wait", "Seconds": 3600, "End": True}})["stateMachineArn"]
        quick = self.made("inner", PASS)["stateMachineArn"]
        call = lambda machine: {  # noqa: E731
            "C": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution.sync:2",
                "Parameters": {"StateMachineArn": machine, "Input": {"n": 1}},
                "ResultSelector": {"status.$": "$.Status", "output.$": "$.Output", "arn.$": "$.ExecutionArn"},
                "End": True,
            }
        }
        seen = json.loads(self.ended(self.started(self.made("outer", call(quick))["stateMachineArn"]))["output"])
        self.assertEqual((seen["status"], seen["output"]), ("SUCCEEDED", {"said": 1}))
        # A child ends with its parent.
        parent = self.started(self.made("parent", call(child))["stateMachineArn"])
        running = lambda: self.states.list_executions(stateMachineArn=child, statusFilter="RUNNING")["executions"]  # noqa: E731
        inner = eventually(running)[0]["executionArn"]
        self.server.kill()
        self.server.start()
        self.states.stop_execution(executionArn=parent)
        self.ended(inner, "ABORTED")

    def test_validation(self):
        faulty = json.dumps({"StartAt": "Nowhere", "States": {"A": {"Type": "Pass", "Next": "B"}}})
        told = self.states.validate_state_machine_definition(definition=faulty)
        self.assertEqual((told["result"], told["truncated"]), ("FAIL", False))
        self.assertIn("/States/A/Next", {found.get("location") for found in told["diagnostics"]})
        self.assertEqual({found["severity"] for found in told["diagnostics"]}, {"ERROR"})
        cut = self.states.validate_state_machine_definition(definition=faulty, maxResults=1)
        self.assertEqual((len(cut["diagnostics"]), cut["truncated"]), (1, True))
        good = json.dumps({"StartAt": "A", "States": PASS})
        told = self.states.validate_state_machine_definition(definition=good)
        self.assertEqual((told["result"], told["diagnostics"]), ("OK", []))


if __name__ == "__main__":
    unittest.main()
