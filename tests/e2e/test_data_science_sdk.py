"""The AWS Step Functions Data Science SDK, unmodified: a workflow, and its pipeline from data to a served model."""

import importlib.util
import json
import pathlib
import unittest
import unittest.mock

from harness import ACCOUNT, REGION, ROLE, WithServer, eventually, needs

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/both:v1"
PROGRAMS = pathlib.Path(__file__).parent / "programs"
HAS_SDK = importlib.util.find_spec("stepfunctions") is not None


class DataScience(WithServer):
    @classmethod
    def setUpClass(cls):
        needs(HAS_SDK, "the Step Functions Data Science SDK is not installed")
        super().setUpClass()
        cls.like_a_shell()

    def over(self, execution):
        """The SDK's own description of an execution that has ended."""
        from stepfunctions.workflow import ExecutionStatus

        seen = eventually(lambda: (d := execution.describe())["status"] != ExecutionStatus.Running.value and d, 120)
        self.assertEqual(seen["status"], "SUCCEEDED", execution.list_events(reverse_order=True)[:2])
        return seen

    def test_workflow(self):
        from stepfunctions import steps
        from stepfunctions.workflow import Workflow

        rule = steps.choice_rule.ChoiceRule.NumericGreaterThan(variable="$.n", value=2)
        gate = steps.Choice("Gate")
        gate.add_choice(rule, steps.Succeed("Good"))
        gate.default_choice(steps.Fail("Bad", error="TooSmall", cause="n is too small"))
        definition = steps.Chain([steps.Pass("Begin"), steps.Wait("Breathe", seconds=1), gate])
        workflow = Workflow(name="by-the-sdk", definition=definition, role=ROLE)
        arn = workflow.create()
        self.assertEqual(workflow.create(), arn, "made twice, it is one state machine")
        execution = workflow.execute(inputs={"n": 3}, name="first")
        self.assertEqual(json.loads(self.over(execution)["output"]), {"n": 3})
        self.assertEqual(execution.get_output(), {"n": 3})
        events = execution.list_events()
        self.assertEqual((events[0]["type"], events[-1]["type"]), ("ExecutionStarted", "ExecutionSucceeded"))
        self.assertEqual([event["id"] for event in events], list(range(1, len(events) + 1)))
        backwards = execution.list_events(max_items=3, reverse_order=True)
        self.assertEqual([event["id"] for event in backwards], [event["id"] for event in events[:-4:-1]])
        # There is no notebook to show the page: the test looks at its text.
        graph = "stepfunctions.workflow.widgets.graph"
        with unittest.mock.patch.multiple(graph, create=True, HTML=str, __IPYTHON_IMPORTED__=True):
            shown = execution.render_progress()
        self.assertIn("Good", shown)
        self.assertIn("ExecutionSucceeded", shown)
        self.assertEqual([e.name for e in workflow.list_executions(max_items=1)], ["first"])
        self.assertIn("by-the-sdk", [w["name"] for w in Workflow.list_workflows()])

        workflow.update(definition=steps.Chain([steps.Pass("Only")]))
        again = eventually(lambda: Workflow.attach(arn), 10)
        self.assertEqual(list(again.definition.to_dict()["States"]) if again.definition else ["Only"], ["Only"])
        self.over(again.execute(inputs={}))
        workflow.delete()
        eventually(lambda: arn not in [w["stateMachineArn"] for w in Workflow.list_workflows()], 30)

    def test_training_pipeline(self):
        import sagemaker
        from sagemaker.estimator import Estimator
        from sagemaker.inputs import TrainingInput
        from stepfunctions.template.pipeline import TrainingPipeline

        self.client("ecr").create_repository(repositoryName="both")
        entry = "python3 /opt/program/both.py"
        self.server.trainyard(
            "image", "build", "--tag", IMAGE, "--app", f"{PROGRAMS}:/opt/program", "--entrypoint", entry
        )
        self.server.trainyard("image", "push", IMAGE)
        self.client("s3").create_bucket(Bucket="science")
        self.client("s3").put_object(Bucket="science", Key="data/rows.csv", Body=b"1,2")
        estimator = Estimator(
            image_uri=IMAGE,
            role=ROLE,
            instance_count=1,
            instance_type="ml.t3.medium",
            hyperparameters={"slope": "0.5"},
            output_path="s3://science/models",
            sagemaker_session=sagemaker.Session(default_bucket="science"),
        )
        pipeline = TrainingPipeline(
            estimator=estimator, role=ROLE, inputs={"train": TrainingInput("s3://science/data")}, s3_bucket="science"
        )
        pipeline.create()
        execution = pipeline.execute(job_name="science", hyperparameters={"slope": "0.25"})
        self.over(execution)
        (endpoint,) = [e["EndpointName"] for e in self.client("sagemaker").list_endpoints()["Endpoints"]]
        describe = self.client("sagemaker").describe_endpoint
        eventually(lambda: describe(EndpointName=endpoint)["EndpointStatus"] == "InService", 60)
        answer = self.client("sagemaker-runtime").invoke_endpoint(EndpointName=endpoint, Body=b"who")["Body"].read()
        self.assertEqual(json.loads(answer)["model"], "0.25 of 1,2")
        pipeline.workflow.delete()


if __name__ == "__main__":
    unittest.main()
