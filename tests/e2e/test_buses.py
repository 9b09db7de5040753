"""Event buses, by boto3: who may tell on another account's, from bus to bus, into a log group; tags and permissions."""

import http.client
import json
import unittest

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import REGION, WithServer, eventually

OURS, THEIRS, STRANGERS = "111111111111", "222222222222", "333333333333"


def arn(resource, account=OURS, service="events"):
    return f"arn:aws:{service}:{'' if service == 'iam' else REGION}:{account}:{resource}"


def role(account):
    return arn("role/forward", account, "iam")


class Buses(WithServer):
    """Signatures are not checked here: a key of twelve digits is the account's."""

    flags = ("--auth", "off")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = lambda service, account: cls.server.client(service, key=account, secret="any")  # noqa: E731
        cls.events = {account: client("events", account) for account in (OURS, THEIRS, STRANGERS)}
        cls.sqs = {account: client("sqs", account) for account in (OURS, THEIRS)}
        cls.logs = client("logs", OURS)

    def setUp(self):
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]

    def bus(self, account=OURS, name=None):
        made = self.events[account].create_event_bus(Name=name or self.me)
        return made["EventBusArn"]

    def rule(self, bus, targets, account=OURS):
        """A rule of that bus for all events of this test."""
        on = {"EventBusName": bus.rsplit("/", 1)[1]}
        pattern = json.dumps({"source": [self.me]})
        self.events[account].put_rule(Name=self.me, EventPattern=pattern, **on)
        targets = [{"Id": str(at), **target} for at, target in enumerate(targets)]
        answer = self.events[account].put_targets(Rule=self.me, Targets=targets, **on)
        self.assertEqual(answer["FailedEntryCount"], 0, answer)

    def queue(self, bus, account=OURS):
        """A queue for what is told on the bus; its messages, read and gone."""
        name = f"{bus.rsplit('/', 1)[1]}-{account}"
        url = self.sqs[account].create_queue(QueueName=name)["QueueUrl"]
        self.rule(bus, [{"Arn": arn(name, account, "sqs")}], account)

        def received():
            found = self.sqs[account].receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)
            messages = found.get("Messages", [])
            for message in messages:
                self.sqs[account].delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return [json.loads(message["Body"]) for message in messages]

        return received

    def tell(self, account, bus, **more):
        entry = {"Source": self.me, "DetailType": "Told", "Detail": '{"n": 1}', "EventBusName": bus, **more}
        (answer,) = self.events[account].put_events(Entries=[entry])["Entries"]
        return answer

    def test_another_account_tells_with_permission_only(self):
        bus = self.bus()
        received = self.queue(bus)
        refused = self.tell(THEIRS, bus)
        self.assertEqual(refused["ErrorCode"], "AccessDeniedException", refused)
        self.assertIn("no resource-based policy allows the events:PutEvents action", refused["ErrorMessage"])
        ours = self.events[OURS]
        ours.put_permission(
            EventBusName=self.me, Action="events:PutEvents", Principal=THEIRS, StatementId="theirs"
        )
        told = self.tell(THEIRS, bus)
        (event,) = eventually(received)
        self.assertEqual((event["id"], event["account"]), (told["EventId"], THEIRS))
        self.assertEqual(self.tell(STRANGERS, bus)["ErrorCode"], "AccessDeniedException")
        ours.remove_permission(EventBusName=self.me, StatementId="theirs")
        self.assertEqual(self.tell(THEIRS, bus)["ErrorCode"], "AccessDeniedException")
        missing = arn("event-bus/missing")
        self.assertEqual(self.tell(THEIRS, missing)["ErrorCode"], "AccessDeniedException")
        self.assertIn("EventId", self.tell(OURS, missing), "an account's own bus that is not there takes it, as AWS's")

    def test_a_policy_is_judged_by_source_and_denies_the_owner(self):
        bus = self.bus()
        received = self.queue(bus)
        allow = {
            "Sid": "some", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": bus,
            "Condition": {"StringEquals": {"events:source": self.me}},
        }
        put = lambda *statements: self.events[OURS].put_permission(  # noqa: E731
            EventBusName=self.me, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements})
        )
        put(allow)
        self.assertIn("EventId", self.tell(THEIRS, bus))
        self.assertEqual(self.tell(THEIRS, bus, Source="other")["ErrorCode"], "AccessDeniedException")
        self.assertEqual(len(eventually(received)), 1)
        put({"Sid": "nobody", "Effect": "Deny", "Principal": "*", "Action": "events:*", "Resource": "*"})
        self.assertIn("explicit deny", self.tell(OURS, bus)["ErrorMessage"])
        unknown = {**allow, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
        with self.assertRaisesRegex(self.events[OURS].exceptions.ClientError, "IpAddress"):
            put(unknown)

    def test_from_bus_to_bus_and_no_further(self):
        """A loop of two buses: an event goes once to the other one."""
        one, two = self.bus(name="one"), self.bus(name="two")
        to = lambda bus: {"Arn": bus, "RoleArn": role(OURS)}  # noqa: E731
        at_two = self.queue(two)
        self.rule(one, [to(two)])
        self.events[OURS].put_targets(Rule=self.me, EventBusName="two", Targets=[{"Id": "back", **to(one)}])
        at_one = self.queue(one, OURS)
        self.events[OURS].put_targets(Rule=self.me, EventBusName="one", Targets=[{"Id": "on", **to(two)}])
        told = self.tell(OURS, "one")
        (here,) = eventually(at_one)
        (there,) = eventually(at_two)
        self.assertEqual(here["id"], told["EventId"])
        self.assertEqual({**there, "id": ""}, {**here, "id": ""})
        self.tell(OURS, "two", Detail='{"n": 2}')
        (back,) = eventually(at_one)
        self.assertEqual(back["detail"], {"n": 2})
        self.assertEqual([event["detail"] for event in at_two()], [{"n": 2}])

    def test_a_rule_of_another_account_is_judged(self):
        mine, theirs = self.bus(), self.bus(THEIRS)
        received = self.queue(theirs, THEIRS)
        self.rule(mine, [{"Arn": theirs, "RoleArn": role(OURS)}])
        self.tell(OURS, mine)
        acts = lambda: [line for line in self.server.said().splitlines() if "not authorized" in line]  # noqa: E731
        eventually(acts)
        self.assertEqual(received(), [])
        policy = {
            "Sid": "rules", "Effect": "Allow", "Principal": {"AWS": role(OURS)}, "Action": "events:PutEvents",
            "Resource": theirs, "Condition": {"ArnEquals": {"aws:SourceArn": arn(f"rule/{self.me}/{self.me}")}},
        }
        self.events[THEIRS].put_permission(
            EventBusName=self.me, Policy=json.dumps({"Version": "2012-10-17", "Statement": policy})
        )
        told = self.tell(OURS, mine)
        (event,) = eventually(received)
        self.assertEqual((event["id"], event["account"]), (told["EventId"], OURS))
        shaped = {"Id": "0", "Arn": theirs, "RoleArn": role(OURS), "InputPath": "$.detail"}
        with self.assertRaisesRegex(self.events[OURS].exceptions.ClientError, "not available"):
            self.events[OURS].put_targets(Rule=self.me, EventBusName=self.me, Targets=[shaped])

    def test_into_a_log_group(self):
        bus, group = self.bus(), "/aws/events/all"
        self.logs.create_log_group(logGroupName=group)
        transformer = {
            "InputPathsMap": {"n": "$.detail.n"},
            "InputTemplate": '{"timestamp": 1500000000000, "message": "n is <n>"}',
        }
        target = arn(f"log-group:{group}", service="logs")
        self.rule(bus, [{"Arn": target}, {"Arn": target + ":*", "InputTransformer": transformer}])
        event = self.tell(OURS, bus)["EventId"]

        def written():
            found = self.logs.filter_log_events(logGroupName=group)["events"]
            return found if len(found) == 2 else None

        said, whole = sorted(eventually(written), key=lambda line: line["timestamp"])
        self.assertEqual((said["timestamp"], said["message"]), (1500000000000, "n is 1"))
        self.assertEqual(json.loads(whole["message"])["id"], event)
        self.assertRegex(whole["logStreamName"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        deny = {
            "Effect": "Deny", "Principal": {"Service": "events.amazonaws.com"}, "Action": "logs:*",
            "Resource": f"{target}:*",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": deny})
        self.logs.put_resource_policy(policyName="no", policyDocument=document)
        self.tell(OURS, bus)
        eventually(lambda: "a resource policy denies" in self.server.said())
        self.assertEqual(len(written() or []), 2)
        (policy,) = self.logs.describe_resource_policies()["resourcePolicies"]
        self.assertEqual((policy["policyName"], json.loads(policy["policyDocument"])), ("no", json.loads(document)))
        self.logs.delete_resource_policy(policyName="no")
        self.assertEqual(self.logs.describe_resource_policies()["resourcePolicies"], [])

    def test_what_is_said_of_a_bus(self):
        events = self.events[OURS]
        said = {
            "Description": "for orders",
            "KmsKeyIdentifier": "alias/orders",
            "DeadLetterConfig": {"Arn": arn("lost", service="sqs")},
            "LogConfig": {"IncludeDetail": "FULL", "Level": "ERROR"},
        }
        made = events.create_event_bus(Name=self.me, Tags=[{"Key": "team", "Value": "a"}], **said)
        self.assertEqual({name: made[name] for name in said}, said)
        changed = events.update_event_bus(Name=self.me, Description="for all", KmsKeyIdentifier="")
        self.assertEqual((changed["Name"], changed["Description"]), (self.me, "for all"))
        seen = events.describe_event_bus(Name=self.me)
        self.assertEqual((seen["LogConfig"], seen.get("KmsKeyIdentifier")), (said["LogConfig"], None))
        self.assertGreaterEqual(seen["LastModifiedTime"], seen["CreationTime"])
        wrong = {"Level": "LOUD"}
        self.refused("ValidationException", events.update_event_bus, Name=self.me, LogConfig=wrong)
        self.refused("ResourceNotFoundException", events.update_event_bus, Name="missing")
        bus = made["EventBusArn"]
        events.tag_resource(ResourceARN=bus, Tags=[{"Key": "team", "Value": "b"}, {"Key": "stage", "Value": ""}])
        events.untag_resource(ResourceARN=bus, TagKeys=["stage", "none"])
        self.assertEqual(events.list_tags_for_resource(ResourceARN=bus)["Tags"], [{"Key": "team", "Value": "b"}])
        self.refused("ValidationException", events.list_tags_for_resource, ResourceARN=arn("queue", THEIRS))

    def test_rules_are_found_by_their_target(self):
        events, bus = self.events[OURS], self.bus()
        target = arn("aim", service="sqs")
        names = [f"r{n}" for n in range(5)]
        for name in names:
            events.put_rule(Name=name, EventBusName=self.me, EventPattern='{"source": ["none"]}')
            events.put_targets(Rule=name, EventBusName=self.me, Targets=[{"Id": "0", "Arn": target}])
        find = lambda **more: events.list_rule_names_by_target(TargetArn=target, EventBusName=bus, **more)  # noqa: E731
        first = find(Limit=3)
        rest = find(Limit=3, NextToken=first["NextToken"])
        self.assertEqual(sorted(first["RuleNames"] + rest["RuleNames"]), names)
        self.assertNotIn("NextToken", rest)
        self.assertEqual(events.list_rule_names_by_target(TargetArn=target)["RuleNames"], [])
        state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
        events.put_rule(Name="r0", EventBusName=self.me, EventPattern='{"source": ["aws.ec2"]}', State=state)
        self.assertEqual(events.describe_rule(Name="r0", EventBusName=self.me)["State"], state)

    def test_a_role_must_trust_events(self):
        """One that was made here; any other is taken at its word."""
        iam = self.server.client("iam", key=OURS, secret="any")
        trust = lambda service: json.dumps(  # noqa: E731
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
            }
        )
        iam.create_role(RoleName="builds", AssumeRolePolicyDocument=trust("codebuild.amazonaws.com"))
        iam.create_role(RoleName="rules", AssumeRolePolicyDocument=trust("events.amazonaws.com"))
        bus, events = self.bus(), self.events[OURS]
        role = lambda name: arn(f"role/{name}", service="iam")  # noqa: E731
        words = self.refused(
            "ValidationException", events.put_rule, Name="r", EventPattern='{"source": ["n"]}', RoleArn=role("builds")
        )
        self.assertEqual(
            words, f"Provided role '{role('builds')}' cannot be assumed by principal 'events.amazonaws.com'."
        )
        events.put_rule(Name="r", EventBusName=self.me, EventPattern='{"source": ["none"]}', RoleArn=role("rules"))
        put = lambda **target: events.put_targets(  # noqa: E731
            Rule="r", EventBusName=self.me, Targets=[{"Id": "0", "Arn": bus, **target}]
        )
        self.refused("ValidationException", put, RoleArn=role("builds"))
        self.refused("ValidationException", put)
        self.assertEqual(put(RoleArn=role("rules"))["FailedEntryCount"], 0)

    def test_a_bus_has_at_most_300_rules(self):
        events = self.events[STRANGERS]
        for n in range(300):
            events.put_rule(Name=f"r{n}", EventPattern='{"source": ["none"]}')
        put = {"EventPattern": '{"source": ["none"]}'}
        self.refused("LimitExceededException", events.put_rule, Name="more", **put)
        events.put_rule(Name="r7", **put)

    def test_every_operation_of_the_api_is_answered(self):
        """By the model of boto3: what there is not here is refused in AWS's words, and nothing is unknown."""
        model = botocore.session.get_session().get_service_model("events")
        asked = {"Name": "x", "ArchiveName": "x", "ReplayName": "x", "ResourceARN": arn("rule/x"), "Rule": "x"}
        events = self.server.client("events", key=STRANGERS, secret="any")
        known = set()
        for name in model.operation_names:
            with self.subTest(name):
                shape = model.operation_model(name).input_shape
                members = shape.members if shape else {}
                body = {member: asked[member] for member in asked if member in members}
                status, code = self.post(name, body)
                self.assertLess(status, 500, (name, code))
                self.assertNotIn("UnknownOperation", code or "", name)
                known.add(name)
        self.assertEqual(len(known), len(model.operation_names))
        for call, code in [
            ("CreateEndpoint", "OperationDisabledException"),
            ("DescribeEndpoint", "ResourceNotFoundException"),
            ("DescribeEventSource", "ResourceNotFoundException"),
            ("PutPartnerEvents", "OperationDisabledException"),
        ]:
            self.assertEqual(self.post(call, {"Name": "x", "Entries": []})[1], code, call)
        self.assertEqual(events.list_endpoints()["Endpoints"], [])
        self.assertEqual(events.list_event_sources()["EventSources"], [])

    def post(self, operation, body):
        """A call with just this body, whatever boto3 thinks of it; the status and the error's code."""
        headers = {"X-Amz-Target": f"AWSEvents.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        request = AWSRequest("POST", self.server.url + "/", data=json.dumps(body), headers=headers)
        SigV4Auth(Credentials(STRANGERS, "any"), "events", REGION).add_auth(request)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("POST", "/", body=request.data, headers=dict(request.headers))
        answer = connection.getresponse()
        said = json.loads(answer.read() or b"{}")
        connection.close()
        return answer.status, said.get("__type", "").rsplit("#", 1)[-1]


if __name__ == "__main__":
    unittest.main()
