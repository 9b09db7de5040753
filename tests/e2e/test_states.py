"""AWS Step Functions, by boto3 and the `aws` CLI: every operation, its errors, and what survives a kill."""

import json
import unittest

from harness import ACCOUNT, REGION, ROLE, WithServer, eventually, paged, run

ARN = f"arn:aws:states:{REGION}:{ACCOUNT}"
WAIT = {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}


class States(WithServer):
    @property
    def states(self):
        return self.client("stepfunctions")

    def test_machines(self):
        arn = self.machine("lives", {"A": {"Type": "Pass", "End": True}})
        self.assertEqual(arn, f"{ARN}:stateMachine:lives")
        seen = self.states.describe_state_machine(stateMachineArn=arn)
        self.assertEqual((seen["name"], seen["status"], seen["type"]), ("lives", "ACTIVE", "STANDARD"))
        self.assertEqual(seen["roleArn"], ROLE)
        self.assertEqual(self.machine("lives", {"A": {"Type": "Pass", "End": True}}), arn, "the same once more")
        definition = json.dumps({"StartAt": "B", "States": {"B": {"Type": "Succeed"}}})
        self.refused(
            "StateMachineAlreadyExists",
            self.states.create_state_machine,
            name="lives",
            definition=definition,
            roleArn=ROLE,
        )
        revision = self.states.update_state_machine(stateMachineArn=arn, definition=definition)["revisionId"]
        seen = self.states.describe_state_machine(stateMachineArn=arn)
        self.assertEqual((seen["definition"], seen["revisionId"]), (definition, revision))
        self.states.delete_state_machine(stateMachineArn=arn)
        self.states.delete_state_machine(stateMachineArn=arn)
        gone = lambda: arn not in {m["stateMachineArn"] for m in self.all_machines()}  # noqa: E731
        eventually(gone)
        self.refused("StateMachineDoesNotExist", self.states.describe_state_machine, stateMachineArn=arn)
        self.refused("StateMachineDoesNotExist", self.states.start_execution, stateMachineArn=arn)

    def all_machines(self):
        pages = self.states.get_paginator("list_state_machines").paginate()
        return [machine for page in pages for machine in page["stateMachines"]]

    def test_definitions_are_looked_through(self):
        """Every fault is named, with its place."""
        faulty = {
            "StartAt": "Nowhere",
            "States": {"A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Map", "End": True}},
        }
        said = self.refused(
            "InvalidDefinition",
            self.states.create_state_machine,
            name="faulty",
            definition=json.dumps(faulty),
            roleArn=ROLE,
        )
        self.assertIn("Nowhere", said)
        self.assertIn("/States/A/Next", said)
        self.assertIn("/States/C", said)
        for text in ("", "{", "[]", "null", '{"StartAt": 1, "States": []}'):
            with self.assertRaises(Exception, msg=text):
                self.states.create_state_machine(name="faulty", definition=text, roleArn=ROLE)
        self.assertNotIn("faulty", {machine["name"] for machine in self.all_machines()})

    def test_names(self):
        arn = self.machine("named", {"A": {"Type": "Succeed"}})
        self.refused("InvalidName", self.states.start_execution, stateMachineArn=arn, name="a b")
        self.refused("InvalidArn", self.states.start_execution, stateMachineArn=f"{ARN}:activity:x")
        self.refused("InvalidArn", self.states.describe_execution, executionArn="nothing")
        self.refused("InvalidExecutionInput", self.states.start_execution, stateMachineArn=arn, input="{")
        nobody = f"{ARN}:execution:named:nobody"
        for call in (self.states.describe_execution, self.states.get_execution_history, self.states.stop_execution):
            self.refused("ExecutionDoesNotExist", call, executionArn=nobody)
        missing = f"{ARN}:stateMachine:missing"
        for call in (self.states.list_executions, self.states.update_state_machine):
            more = {"definition": json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})}
            more = more if call == self.states.update_state_machine else {}
            self.refused("StateMachineDoesNotExist", call, stateMachineArn=missing, **more)

    def test_one_name_is_one_execution(self):
        arn = self.machine("once", WAIT)
        first = self.started(arn, {"n": 1}, name="run")
        self.assertEqual(self.started(arn, {"n": 1}, name="run"), first)
        self.refused(
            "ExecutionAlreadyExists", self.states.start_execution, stateMachineArn=arn, name="run", input='{"n":2}'
        )
        self.states.stop_execution(executionArn=first, error="Enough", cause="of it")
        seen = self.ended(first, "ABORTED")
        self.assertEqual((seen["error"], seen["cause"]), ("Enough", "of it"))
        self.refused(
            "ExecutionAlreadyExists", self.states.start_execution, stateMachineArn=arn, name="run", input='{"n":1}'
        )
        self.assertEqual(self.history(first)[-1]["type"], "ExecutionAborted")

    def test_a_definition_is_kept_by_its_executions(self):
        arn = self.machine("changed", {"W": {"Type": "Wait", "Seconds": 1, "Next": "Old"}, "Old": {"Type": "Succeed"}})
        execution = self.started(arn)
        new = json.dumps({"StartAt": "New", "States": {"New": {"Type": "Fail"}}})
        self.states.update_state_machine(stateMachineArn=arn, definition=new)
        self.ended(execution)
        kept = self.states.describe_state_machine_for_execution(executionArn=execution)
        self.assertIn("Old", kept["definition"])
        self.ended(self.started(arn), "FAILED")

    def test_paging(self):
        for n in range(5):
            self.machine(f"page-{n}", {"A": {"Type": "Succeed"}})
        machines, pages = paged(self.states.list_state_machines, "stateMachines")
        self.assertEqual({f"page-{n}" for n in range(5)} - {m["name"] for m in machines}, set())
        self.assertGreaterEqual(pages, 3)
        arn = f"{ARN}:stateMachine:page-0"
        names = [f"run-{n}" for n in range(5)]
        for name in names:
            self.ended(self.started(arn, name=name))
        executions, pages = paged(self.states.list_executions, "executions", stateMachineArn=arn)
        self.assertEqual([e["name"] for e in executions], names[::-1], "the newest first")
        self.assertEqual(pages, 3)
        done, _ = paged(self.states.list_executions, "executions", stateMachineArn=arn, statusFilter="SUCCEEDED")
        self.assertEqual(len(done), 5)
        self.assertEqual(self.states.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"], [])
        self.refused("InvalidToken", self.states.list_executions, stateMachineArn=arn, nextToken="made up")
        whole = self.history(executions[0]["executionArn"])
        pieces, pages = paged(
            self.states.get_execution_history, "events", executionArn=executions[0]["executionArn"]
        )
        self.assertEqual((pieces, pages), (whole, 2))
        backwards = self.states.get_execution_history(
            executionArn=executions[0]["executionArn"], reverseOrder=True, includeExecutionData=False
        )["events"]
        self.assertEqual([e["id"] for e in backwards], [e["id"] for e in whole][::-1])
        self.assertNotIn("input", backwards[-1]["executionStartedEventDetails"])

    def test_a_history(self):
        """As AWS writes it: numbered from one, each event with its cause."""
        arn = self.machine(
            "told",
            {
                "Look": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "Many"}],
                    "Default": "Few",
                },
                "Many": {
                    "Type": "Pass",
                    "Parameters": {"text.$": "States.Format('{} of them', $.n)"},
                    "ResultPath": "$.said",
                    "End": True,
                },
                "Few": {"Type": "Fail", "Error": "Few", "Cause": "not many"},
            },
        )
        many = self.started(arn, {"n": 2})
        self.assertEqual(json.loads(self.ended(many)["output"]), {"n": 2, "said": {"text": "2 of them"}})
        events = self.history(many)
        self.assertEqual(
            [(e["id"], e["previousEventId"], e["type"]) for e in events],
            [
                (1, 0, "ExecutionStarted"),
                (2, 0, "ChoiceStateEntered"),
                (3, 2, "ChoiceStateExited"),
                (4, 3, "PassStateEntered"),
                (5, 4, "PassStateExited"),
                (6, 5, "ExecutionSucceeded"),
            ],
        )
        few = self.ended(self.started(arn, {"n": 1}), "FAILED")
        self.assertEqual((few["error"], few["cause"]), ("Few", "not many"))

    def test_tasks_of_the_servers_own_operations(self):
        """`aws-sdk:` reaches what the server can do; an error is caught by AWS's name."""
        arn = self.machine(
            "sdk",
            {
                "Find": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::aws-sdk:sfn:describeStateMachine",
                    "Parameters": {"StateMachineArn.$": "$.arn"},
                    "ResultSelector": {"name.$": "$.Name"},
                    "ResultPath": "$.found",
                    "Catch": [
                        {
                            "ErrorEquals": ["Sfn.StateMachineDoesNotExistException"],
                            "ResultPath": "$.error",
                            "Next": "Missing",
                        }
                    ],
                    "Retry": [{"ErrorEquals": ["Sfn.StateMachineDoesNotExistException"], "MaxAttempts": 1, "IntervalSeconds": 1}],
                    "End": True,
                },
                "Missing": {"Type": "Succeed"},
            },
        )
        found = json.loads(self.ended(self.started(arn, {"arn": arn}))["output"])
        self.assertEqual(found["found"], {"name": "sdk"})
        missing = self.started(arn, {"arn": arn + "x"})
        self.assertIn("does not exist", json.loads(self.ended(missing)["output"])["error"]["Cause"].lower())
        scheduled = [e for e in self.history(missing) if e["type"] == "TaskScheduled"]
        self.assertEqual(len(scheduled), 2, "tried again once")

    def asking(self, name, **members):
        """A machine that asks by event and waits for the answer, and the token of a question it asked."""
        if not hasattr(type(self), "postbox"):
            type(self).postbox = self.machine("postbox", {"Keep": {"Type": "Succeed"}})
            events = self.client("events")
            events.put_rule(Name="questions", EventPattern=json.dumps({"detail-type": ["Question"]}))
            events.put_targets(
                Rule="questions", Targets=[{"Id": "postbox", "Arn": self.postbox, "RoleArn": ROLE}]
            )
        ask = {
            "Type": "Task",
            "Resource": "arn:aws:states:::events:putEvents.waitForTaskToken",
            "Parameters": {
                "Entries": [
                    {
                        "Source": "tests",
                        "DetailType": "Question",
                        "Detail": {"token.$": "$$.Task.Token", "who.$": "$$.Execution.Name"},
                    }
                ]
            },
            "End": True,
            **members,
        }
        return self.machine(name, {"Ask": ask})

    def token(self, execution):
        """The token that was sent to the postbox for an execution."""
        name = execution.rsplit(":", 1)[1]

        def arrived():
            for kept in self.states.list_executions(stateMachineArn=self.postbox)["executions"]:
                told = self.states.describe_execution(executionArn=kept["executionArn"])
                detail = json.loads(told["input"])["detail"]
                if detail["who"] == name:
                    return detail["token"]
            return None

        return eventually(arrived)

    def test_answers_by_token(self):
        arn = self.asking("asking")
        yes = self.started(arn)
        token = self.token(yes)
        self.states.send_task_heartbeat(taskToken=token)
        self.refused("InvalidOutput", self.states.send_task_success, taskToken=token, output="{")
        self.states.send_task_success(taskToken=token, output='{"said": "yes"}')
        self.assertEqual(json.loads(self.ended(yes)["output"]), {"said": "yes"})
        self.refused("TaskTimedOut", self.states.send_task_success, taskToken=token, output="{}")
        no = self.started(arn)
        self.states.send_task_failure(taskToken=self.token(no), error="No", cause="because")
        seen = self.ended(no, "FAILED")
        self.assertEqual((seen["error"], seen["cause"]), ("No", "because"))
        for call, more in [
            (self.states.send_task_success, {"output": "{}"}),
            (self.states.send_task_failure, {}),
            (self.states.send_task_heartbeat, {}),
        ]:
            self.refused("InvalidToken", call, taskToken="made up", **more)

    def test_a_token_that_nobody_answers(self):
        unanswered = self.ended(self.started(self.asking("ignored", TimeoutSeconds=1)), "FAILED")
        self.assertEqual(unanswered.get("error"), "States.Timeout")
        silent = self.ended(self.started(self.asking("silent", HeartbeatSeconds=1, TimeoutSeconds=60)), "FAILED")
        self.assertEqual(silent.get("error"), "States.Timeout")

    def test_a_task_that_does_not_exist_is_refused(self):
        said = self.refused(
            "InvalidDefinition",
            self.states.create_state_machine,
            name="strange",
            definition=json.dumps(
                {
                    "StartAt": "A",
                    "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::nobody:knows", "End": True}},
                }
            ),
            roleArn=ROLE,
        )
        self.assertIn("/States/A/Resource", said)

    def test_what_is_acknowledged_survives(self):
        """kill -9 right after the answers; then all of it is there, and goes on."""
        arn = self.machine("survivor", {"W": {"Type": "Wait", "Seconds": 1, "Next": "Z"}, "Z": {"Type": "Succeed"}})
        asked = self.started(self.asking("asked"))
        token = self.token(asked)
        runs = [self.started(arn, {"n": n}, name=f"n{n}") for n in range(20)]
        self.server.kill()
        self.server.start()
        self.states.send_task_success(taskToken=token, output="1")
        for n, execution in enumerate([*runs, asked]):
            seen = self.ended(execution)
            if execution != asked:
                self.assertEqual(json.loads(seen["output"]), {"n": n})
            ids = [event["id"] for event in self.history(execution)]
            self.assertEqual(ids, list(range(1, len(ids) + 1)))
        self.assertEqual(len(self.states.list_executions(stateMachineArn=arn)["executions"]), 20)

    def test_by_the_aws_cli(self):
        arn = self.machine("cli", {"A": {"Type": "Pass", "Result": {"x": 1}, "End": True}})
        started = self.server.aws("stepfunctions", "start-execution", "--state-machine-arn", arn, "--name", "cli")
        self.ended(started["executionArn"])
        told = self.server.aws(
            "stepfunctions", "get-execution-history", "--execution-arn", started["executionArn"]
        )
        self.assertEqual(told["events"][-1]["executionSucceededEventDetails"]["output"], '{"x":1}')
        missing = run(
            ["aws", "stepfunctions", "describe-state-machine", "--state-machine-arn", arn + "x"],
            env=self.server.environment(),
            check=False,
        )
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn("StateMachineDoesNotExist", missing.stderr)

    def test_tags(self):
        arn = self.machine("tagged", {"A": {"Type": "Succeed"}})
        self.states.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "ml"}, {"key": "b", "value": "c"}])
        self.states.untag_resource(resourceArn=arn, tagKeys=["b"])
        tags = self.states.list_tags_for_resource(resourceArn=arn)["tags"]
        self.assertEqual(tags, [{"key": "team", "value": "ml"}])


if __name__ == "__main__":
    unittest.main()
