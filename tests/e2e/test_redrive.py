"""Executions that go on after they failed, by boto3, `aws` and `trainyard`; and executions looked at as they were."""

import json
import unittest

from harness import ACCOUNT, REGION, WithServer, eventually

ARN = f"arn:aws:states:{REGION}:{ACCOUNT}"


class Redrive(WithServer):
    @property
    def states(self):
        return self.client("stepfunctions")

    def activity(self, name):
        return self.states.create_activity(name=name)["activityArn"]

    def asked(self, name, more=None):
        """A machine that asks the worker of an activity after a first state; its ARN."""
        ask = {"Type": "Task", "Resource": self.activity(name), "ResultPath": "$.said", "End": True, **(more or {})}
        first = {"Type": "Pass", "Result": {"n": 1}, "Assign": {"kept": 7}, "Next": "Ask"}
        return self.machine(name, {"First": first, "Ask": ask})

    def taken(self, name):
        """The next task of the activity."""
        task = self.states.get_activity_task(activityArn=f"{ARN}:activity:{name}", workerName="w")
        self.assertTrue(task["taskToken"])
        return task["taskToken"]

    def failed(self, name, execution):
        self.states.send_task_failure(taskToken=self.taken(name), error="Broken", cause="why")
        return self.ended(execution, "FAILED")

    def types(self, execution):
        return [event["type"] for event in self.history(execution)]

    def test_it_goes_on_from_the_failed_state_and_survives_a_kill(self):
        machine = self.asked("goes-on")
        execution = self.started(machine, name="x")
        shown = self.failed("goes-on", execution)
        self.assertEqual((shown["redriveStatus"], shown["redriveCount"]), ("REDRIVABLE", 0))
        self.assertNotIn("redriveStatusReason", shown)
        date = self.states.redrive_execution(executionArn=execution, clientToken="once")["redriveDate"]
        again = self.states.redrive_execution(executionArn=execution, clientToken="once")["redriveDate"]
        self.assertEqual(again, date, "a token redrives once")
        self.server.kill()
        self.server.start()
        running = self.states.describe_execution(executionArn=execution)
        self.assertEqual((running["status"], running["redriveCount"]), ("RUNNING", 1))
        self.assertEqual((running["redriveDate"], running["redriveStatus"]), (date, "NOT_REDRIVABLE"))
        self.assertEqual(running["redriveStatusReason"], "Execution is RUNNING and cannot be redriven")
        self.assertNotIn("stopDate", running)
        token = self.taken("goes-on")
        self.server.kill()
        self.server.start()
        self.states.send_task_success(taskToken=token, output='"late"')
        done = self.ended(execution)
        self.assertEqual(json.loads(done["output"]), {"n": 1, "said": "late"})
        expect = ["ExecutionFailed", "ExecutionRedriven", "ActivityScheduled", "ActivityStarted"]
        types = self.types(execution)
        at = types.index("ExecutionRedriven")
        self.assertEqual(types[at - 1 : at + 3], expect)
        self.assertEqual(types.count("PassStateEntered"), 1)
        history = self.history(execution)
        self.assertEqual([event["id"] for event in history], list(range(1, len(history) + 1)))
        self.assertEqual(history[at]["executionRedrivenEventDetails"], {"redriveCount": 1})
        message = self.refused("ExecutionNotRedrivable", self.states.redrive_execution, executionArn=execution)
        self.assertEqual(message, "Execution is SUCCEEDED and cannot be redriven")
        listed = self.states.list_executions(stateMachineArn=machine)["executions"][0]
        self.assertEqual((listed["redriveCount"], listed["redriveDate"]), (1, date))

    def test_what_cannot_be_redriven_is_refused_by_name(self):
        redrive = self.states.redrive_execution
        self.refused("ExecutionDoesNotExist", redrive, executionArn=f"{ARN}:execution:none:x")
        self.refused("InvalidArn", redrive, executionArn=f"{ARN}:express:m:x:y")
        message = self.refused("ValidationException", redrive, executionArn=f"{ARN}:execution:m:x", clientToken="a b")
        self.assertIn("clientToken", message)
        machine = self.machine("fine", {"A": {"Type": "Pass", "End": True}})
        for filters in ({"redriveFilter": "REDRIVEN"}, {"statusFilter": "PENDING_REDRIVE"}):
            self.refused("ValidationException", self.states.list_executions, stateMachineArn=machine, **filters)

    def test_context_object_and_client_of_the_command_line(self):
        no = {"Type": "Fail", "ErrorPath": "States.Format('No{}', $$.Execution.RedriveCount)"}
        execution = self.started(self.machine("count", {"No": no}), name="x")
        self.assertEqual(self.ended(execution, "FAILED")["error"], "No0")
        answer = self.server.aws("stepfunctions", "redrive-execution", "--execution-arn", execution)
        self.assertIn("redriveDate", answer)
        self.assertEqual(self.ended(execution, "FAILED")["error"], "No1")

    def test_a_map_run_goes_on(self):
        child = {"Ask": {"Type": "Task", "Resource": self.activity("child"), "End": True}}
        each = {
            "Type": "Map",
            "Label": "Each",
            "MaxConcurrency": 1,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Ask",
                "States": child,
            },
            "End": True,
        }
        execution = self.started(self.machine("each", {"Each": each}), [1, 2, 3])
        self.states.send_task_success(taskToken=self.taken("child"), output='"one"')
        self.states.send_task_failure(taskToken=self.taken("child"), error="Broken")
        self.ended(execution, "FAILED")
        run = self.states.list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
        shown = self.states.describe_map_run(mapRunArn=run)
        self.assertEqual((shown["redriveCount"], shown["executionCounts"]["failed"]), (0, 1))
        bad = self.states.list_executions(mapRunArn=run, statusFilter="FAILED")["executions"][0]["executionArn"]
        child = self.states.describe_execution(executionArn=bad)
        self.assertEqual(child["redriveStatus"], "REDRIVABLE_BY_MAP_RUN")
        self.refused("ExecutionNotRedrivable", self.states.redrive_execution, executionArn=bad)
        self.states.redrive_execution(executionArn=execution)
        for word in ("two", "three"):
            self.states.send_task_success(taskToken=self.taken("child"), output=json.dumps(word))
        self.assertEqual(json.loads(self.ended(execution)["output"]), ["one", "two", "three"])
        shown = self.states.describe_map_run(mapRunArn=run)
        counts = shown["executionCounts"]
        self.assertEqual((shown["status"], shown["redriveCount"]), ("SUCCEEDED", 1))
        self.assertEqual((counts["succeeded"], counts["failed"], counts["pendingRedrive"]), (3, 0, 0))
        redriven = self.states.list_executions(mapRunArn=run, redriveFilter="REDRIVEN")["executions"]
        self.assertEqual([item["executionArn"] for item in redriven], [bad])
        rest = self.states.list_executions(mapRunArn=run, redriveFilter="NOT_REDRIVEN")["executions"]
        self.assertEqual(len(rest), 2)
        event = next(event for event in self.history(execution) if event["type"] == "MapRunRedriven")
        self.assertEqual(event["mapRunRedrivenEventDetails"], {"mapRunArn": run, "redriveCount": 1})

    def test_trainyard_redrive_follows(self):
        machine = self.asked("follow")
        execution = self.started(machine, name="followed")
        self.failed("follow", execution)
        done = self.server.trainyard("redrive", "follow")
        self.assertEqual(done.stdout, "execution/followed RUNNING\n")
        self.assertIn("goes on from Ask\n", done.stderr)
        again = self.server.trainyard("redrive", "followed", check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("Execution is RUNNING and cannot be redriven", again.stderr)
        self.failed("follow", execution)
        late = self.server.trainyard("redrive", execution, "--follow", "--timeout", "1s", check=False)
        self.assertEqual(late.returncode, 5, late.stderr)
        self.states.send_task_success(taskToken=self.taken("follow"), output="1")
        self.ended(execution)
        self.assertEqual(self.server.trainyard("redrive", "nobody", check=False).returncode, 64)

    def test_an_execution_is_shown_as_it_was(self):
        machine = self.asked("shown", {"TimeoutSeconds": 600})
        execution = self.started(machine, name="past")
        token = self.taken("shown")
        eventually(lambda: "ActivityStarted" in self.types(execution))
        show = lambda *more: self.server.trainyard("executions", "show", "past", *more).stdout  # noqa: E731
        now = json.loads(show("--output", "json"))
        self.assertEqual([it["State"] for it in now["Standings"]], ["Ask"])
        self.assertEqual(now["Standings"][0]["Doing"]["Kind"], "Calls")
        self.assertTrue(now["Standings"][0]["Doing"]["Begun"])
        self.assertEqual(json.loads(now["Standings"][0]["Input"]), {"n": 1})
        self.assertEqual(now["Standings"][0]["Variables"], {"kept": "7"})
        self.assertNotIn(token, json.dumps(now))
        then = json.loads(show("--at", "2", "--output", "json"))
        self.assertEqual((then["EventId"], then["Standings"][0]["State"]), (2, "First"))
        self.assertNotIn("Variables", then["Standings"][0])
        page = show("--at", "3")
        self.assertIn("at event 3 PassStateExited First", page)
        self.assertIn("$kept", page)
        missing = self.server.trainyard("executions", "show", "past", "--at", "99", check=False)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("has the events 1 to", missing.stderr)

    def test_replay_and_diff(self):
        definition = {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()", "n.$": "$.n"}, "Next": "B"},
                "B": {"Type": "Pass", "Result": 1, "End": True},
            },
        }
        machine = self.machine("again", definition["States"])
        for name, n in (("one", 1), ("two", 2)):
            self.ended(self.started(machine, {"n": n}, name=name))
        path = self.directory / "other.asl.json"

        def replay(*more):
            path.write_text(json.dumps(definition))
            return self.server.trainyard("executions", "replay", "one", "--definition", path, *more, check=False)

        same = replay("--detailed-exitcode")
        self.assertEqual(same.returncode, 0, same.stderr)
        self.assertIn("6 events decided as recorded", same.stdout)
        self.assertIn("nothing would be different", same.stdout)
        definition["States"]["B"]["Result"] = 2
        other = json.loads(replay("--output", "json").stdout)
        self.assertEqual(other["SameEvents"], 4)
        self.assertEqual(other["Difference"]["Recorded"]["id"], 5)
        self.assertEqual(other["Difference"]["Decided"]["stateExitedEventDetails"]["output"], "2")
        self.assertEqual(replay("--detailed-exitcode").returncode, 2)
        del definition["States"]["B"]
        broken = replay()
        self.assertEqual(broken.returncode, 1)
        self.assertIn("InvalidDefinition", broken.stderr)
        diff = self.server.trainyard("executions", "diff", "one", "two").stdout
        self.assertIn("the first event that differs:\n", diff)
        self.assertRegex(diff, r'(?m)^input +{"n": 1} +{"n": 2}$')
        self.assertIn('A input\n  A  {"n": 1}\n  B  {"n": 2}', diff)
        shown = json.loads(self.server.trainyard("executions", "diff", "one", "two", "-o", "json").stdout)
        self.assertEqual([it["output"] for it in shown["states"]], ["differs", "same"])
        self.assertEqual(self.server.trainyard("executions", "diff", "one", "one", "--detailed-exitcode").returncode, 0)

    def test_lists_are_paged_and_inputs_have_their_lengths(self):
        for n in range(3):
            self.activity(f"paged-{n}")
        pages = self.states.get_paginator("list_activities").paginate(PaginationConfig={"PageSize": 1})
        names = [item["name"] for page in pages for item in page["activities"]]
        self.assertEqual(names, sorted(set(names)))
        self.assertLessEqual({f"paged-{n}" for n in range(3)}, set(names))
        machine = self.machine("lengths", {"A": {"Type": "Pass", "End": True}})
        execution = self.started(machine, name="x")
        self.ended(execution)
        long = "x" * 257
        message = self.refused("ValidationException", self.states.stop_execution, executionArn=execution, error=long)
        self.assertEqual(
            message,
            f"1 validation error detected: Value '{long}' at 'error' failed to satisfy constraint: "
            "Member must have length less than or equal to 256",
        )
        for call, more in (
            (self.states.send_task_failure, {"taskToken": "t", "cause": "x" * 32_769}),
            (self.states.start_execution, {"stateMachineArn": machine, "traceHeader": long}),
            (self.states.get_activity_task, {"activityArn": f"{ARN}:activity:paged-0", "workerName": "x" * 81}),
            (self.states.update_state_machine, {"stateMachineArn": machine, "definition": "x" * 1_048_577}),
        ):
            self.assertIn("less than or equal to", self.refused("ValidationException", call, **more))
        bare = {"includedData": "METADATA_ONLY"}
        self.assertEqual(self.states.describe_state_machine(stateMachineArn=machine, **bare)["definition"], "{}")
        shown = self.states.describe_execution(executionArn=execution, **bare)
        self.assertEqual(shown["inputDetails"], {"included": False})
        self.assertTrue(shown.keys().isdisjoint(("input", "output")))


if __name__ == "__main__":
    unittest.main()
