"""What state machines may call: judged when they come, by AWS's table of services; what is not built fails by name."""

import json
import unittest

from harness import ROLE, WithServer


def call(resource, parameters):
    return {"Call": {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True}}


# AWS knows it, and nothing here makes it.
GLUE = call("glue:startJobRun.sync", {"JobName": "job"})


class Integrations(WithServer):
    def create_refused(self, name, states):
        definition = {"StartAt": next(iter(states)), "States": states}
        create = self.client("stepfunctions").create_state_machine
        return self.refused(
            "InvalidDefinition", create, name=name, definition=json.dumps(definition), roleArn=ROLE
        )

    def test_what_aws_does_not_know_is_refused(self):
        for resource in ["glue:startJobRun.sync:2", "aws-sdk:s3:getObjects", "nosuch:thing"]:
            said = self.create_refused("unknown", call(resource, {}))
            self.assertIn(f"The resource provided arn:aws:states:::{resource} is not recognized.", said)
            self.assertIn("at /States/Call/Resource", said)

    def test_parameters_have_the_names_of_the_api(self):
        said = self.create_refused("wrong", call("aws-sdk:s3:getObject", {"bucket": "b", "Key": "k"}))
        self.assertIn("""The field "bucket" is not supported by Step Functions at /States/Call/Parameters""", said)
        self.assertIn("The field 'Bucket' is required but was missing at /States/Call/Parameters", said)

    def test_what_is_not_built_is_taken_and_fails_by_name(self):
        execution = self.started(self.machine("glue", GLUE))
        ended = self.ended(execution, status="FAILED")
        self.assertEqual(ended["error"], "States.Runtime")
        self.assertIn("glue", ended["cause"])
        self.assertIn("not built yet", self.server.said())


class Strict(Integrations):
    flags = ("--strict-integrations",)

    def test_what_is_not_built_is_taken_and_fails_by_name(self):
        """Here it is refused."""
        said = self.create_refused("glue", GLUE)
        self.assertIn("arn:aws:states:::glue:startJobRun.sync is not built yet", said)
        self.assertIn("at /States/Call/Resource", said)
        self.machine("built", call("aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k"}))


if __name__ == "__main__":
    unittest.main()
