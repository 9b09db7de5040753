"""TestState, by boto3: one state by itself, with a mock of what it calls or with one real call."""

import json
import unittest

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from harness import REGION, ROLE, WithServer

SEND = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Parameters": {"QueueUrl": "q", "MessageBody.$": "$.words"},
    "ResultSelector": {"id.$": "$.MessageId"},
    "ResultPath": "$.sent",
    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 2}],
    "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "Sorry"}],
    "Next": "Thanks",
}
EACH = {
    "Type": "Map",
    "QueryLanguage": "JSONata",
    "Items": "{% $states.input.list %}",
    "ItemSelector": {"n": "{% $states.context.Map.Item.Index %}", "of": "{% $states.context.Map.Item.Value %}"},
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "Inner",
        "States": {"Inner": {"Type": "Pass", "End": True}},
    },
    "MaxConcurrency": 4,
    "ToleratedFailurePercentage": 50,
    "Output": {"sum": "{% $sum($states.result) %}"},
    "End": True,
}


class Trials(WithServer):
    @classmethod
    def setUpClass(cls):
        """With a client that leaves off `sync-`, which boto3 puts before the host: not every system resolves that."""
        super().setUpClass()
        cls.states = boto3.client(
            "stepfunctions",
            endpoint_url=cls.server.url,
            region_name=REGION,
            aws_access_key_id=cls.server.exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=cls.server.exports["AWS_SECRET_ACCESS_KEY"],
            config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
        )

    def try_(self, state, data=None, **more):
        """The answer, with its texts read."""
        if data is not None:
            more["input"] = json.dumps(data)
        mock = more.get("mock")
        if mock and "result" in mock:
            more["mock"] = {**mock, "result": json.dumps(mock["result"])}
        answer = self.states.test_state(definition=json.dumps(state), **more)
        del answer["ResponseMetadata"]
        inspection = answer.get("inspectionData", {})
        for holder in (answer, inspection):
            for name, value in holder.items():
                if name == "output" or (holder is inspection and isinstance(value, str)):
                    holder[name] = json.loads(value)
        return answer

    def declined(self, code, state, *arguments, **more):
        with self.assertRaises(ClientError) as caught:
            self.try_(state, *arguments, **more)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response["Error"]["Message"]

    def test_states_without_work(self):
        answer = self.try_({"Type": "Pass", "Result": 3, "ResultPath": "$.n", "Next": "Then"}, {"a": 1})
        self.assertEqual(answer, {"status": "SUCCEEDED", "output": {"a": 1, "n": 3}, "nextState": "Then"})
        answer = self.try_({"Type": "Fail", "Error": "Boom"}, inspectionLevel="DEBUG")
        shown = {"input": {}, "afterInputPath": {}}
        self.assertEqual(answer, {"status": "FAILED", "error": "Boom", "inspectionData": shown})

    def test_one_state_of_many(self):
        branch = {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}}
        outer = {"Type": "Parallel", "Branches": [branch], "End": True}
        machine = {"StartAt": "Outer", "States": {"Outer": outer}}
        answer = self.try_(machine, [1], stateName="Inner")
        self.assertEqual(answer, {"status": "SUCCEEDED", "output": [1]})
        self.assertEqual(self.declined("ValidationException", machine, stateName="None"), "State not found in definition")
        outer["Next"] = "Nowhere"
        self.assertIn("/States/Outer", self.declined("InvalidDefinition", machine, stateName="Inner"))

    def test_a_mocked_task(self):
        answer = self.try_(SEND, {"words": "hi"}, mock={"result": {"MessageId": "7"}}, inspectionLevel="TRACE")
        output = {"words": "hi", "sent": {"id": "7"}}
        self.assertEqual((answer["status"], answer["output"], answer["nextState"]), ("SUCCEEDED", output, "Thanks"))
        shown = {
            "input": {"words": "hi"},
            "afterInputPath": {"words": "hi"},
            "afterParameters": {"QueueUrl": "q", "MessageBody": "hi"},
            "result": {"MessageId": "7"},
            "afterResultSelector": {"id": "7"},
            "afterResultPath": output,
        }
        self.assertEqual(answer["inspectionData"], shown)

    def test_a_mocked_failure(self):
        mock = {"errorOutput": {"error": "Busy", "cause": "later"}}

        def after(retries):
            configuration = {"retrierRetryCount": retries}
            return self.try_(
                SEND, {"words": "hi"}, mock=mock, stateConfiguration=configuration, inspectionLevel="DEBUG"
            )

        answer = after(1)
        self.assertEqual((answer["status"], answer["error"], answer["cause"]), ("RETRIABLE", "Busy", "later"))
        details = {"retryIndex": 0, "retryBackoffIntervalSeconds": 6}
        self.assertEqual(answer["inspectionData"]["errorDetails"], details)
        answer = after(2)
        self.assertEqual((answer["status"], answer["nextState"]), ("CAUGHT_ERROR", "Sorry"))
        self.assertEqual(answer["output"], {"words": "hi", "why": {"Error": "Busy", "Cause": "later"}})
        self.assertEqual(answer["inspectionData"]["errorDetails"], {"retryIndex": 0, "catchIndex": 0})

    def test_mocked_iterations(self):
        def with_(failed, result):
            configuration = {"mapIterationFailureCount": failed}
            return self.try_(
                EACH,
                {"list": [5, 6]},
                mock={"result": result},
                stateConfiguration=configuration,
                inspectionLevel="DEBUG",
            )

        answer = with_(1, [10, 20])
        self.assertEqual((answer["status"], answer["output"]), ("SUCCEEDED", {"sum": 30}))
        shown = {
            "input": {"list": [5, 6]},
            "afterItemSelector": [{"n": 0, "of": 5}, {"n": 1, "of": 6}],
            "maxConcurrency": 4,
            "toleratedFailurePercentage": 50,
        }
        self.assertEqual(answer["inspectionData"], shown)
        answer = with_(2, [10, 20])
        self.assertEqual((answer["status"], answer["error"]), ("FAILED", "States.ExceedToleratedFailureThreshold"))
        with self.assertRaises(ClientError):
            with_(3, [10, 20])

    def test_variables_and_context(self):
        state = {
            "Type": "Task",
            "QueryLanguage": "JSONata",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {"QueueUrl": "{% $queue %}", "MessageBody": "{% $states.context.Task.Token %}"},
            "Assign": {"answer": "{% $states.result %}"},
            "Output": "{% $states.context.State.RetryCount %}",
            "End": True,
        }
        context = json.dumps({"Task": {"Token": "t"}, "State": {"RetryCount": 4}})
        variables = json.dumps({"queue": "q"})
        answer = self.try_(
            state, context=context, variables=variables, mock={"result": "yes"}, inspectionLevel="TRACE"
        )
        self.assertEqual((answer["status"], answer["output"]), ("SUCCEEDED", 4))
        shown = answer["inspectionData"]
        self.assertEqual(shown["afterArguments"], {"QueueUrl": "q", "MessageBody": "t"})
        self.assertEqual(shown["variables"], {"queue": "q", "answer": "yes"})

    def test_a_real_call(self):
        """Made once, in the role, and for real."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket="tried")
        put = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
            "Parameters": {"Bucket": "tried", "Key.$": "$.key", "Body": "hello"},
            "End": True,
        }
        answer = self.try_(put, {"key": "a"}, roleArn=ROLE, inspectionLevel="DEBUG")
        self.assertEqual(answer["status"], "SUCCEEDED")
        self.assertEqual(answer["output"], answer["inspectionData"]["result"])
        self.assertEqual(s3.get_object(Bucket="tried", Key="a")["Body"].read(), b"hello")
        get = {**put, "Resource": "arn:aws:states:::aws-sdk:s3:getObject"}
        get["Parameters"] = {"Bucket": "tried", "Key.$": "$.key"}
        get["Catch"] = [{"ErrorEquals": ["S3.NoSuchKeyException"], "Next": "Sorry"}]
        answer = self.try_(get, {"key": "b"}, roleArn=ROLE)
        self.assertEqual((answer["status"], answer["nextState"]), ("CAUGHT_ERROR", "Sorry"))
        self.assertIn("roleArn", self.declined("ValidationException", put, {"key": "c"}))
        self.assertEqual([found["Key"] for found in s3.list_objects_v2(Bucket="tried")["Contents"]], ["a"])
        self.assertEqual(self.states.list_state_machines()["stateMachines"], [])

    def test_refusals(self):
        mock = {"result": {"MessageId": 7}}
        said = self.declined("ValidationException", SEND, {"words": "hi"}, mock=mock)
        self.assertEqual(said, "Mock result schema validation error: Field 'MessageId' must be a string")
        self.try_(SEND, {"words": "hi"}, mock={**mock, "fieldValidationMode": "NONE"})
        said = self.declined("ValidationException", {"Type": "Succeed"}, mock=mock)
        self.assertEqual(said, "State type 'Succeed' is not supported when a mock is specified")
        said = self.declined("ValidationException", EACH, {"list": []}, roleArn=ROLE)
        self.assertEqual(said, "State type 'Map' is not supported when a mock is not specified")
        said = self.declined("ValidationException", SEND, mock={"result": {}}, context='{"Map": {}}')
        self.assertIn("'Map' field is not supported", said)
        self.declined("InvalidExecutionInput", {"Type": "Succeed"}, input="{")
        self.declined("InvalidDefinition", {"Type": "Pause"})


if __name__ == "__main__":
    unittest.main()
