"""How events reach targets: dead letters, targets that hang or are down, counts, and what a `kill -9` leaves."""

import concurrent.futures
import itertools
import json
import threading
import time
import unittest

import botocore.exceptions
from apis import Api
from harness import ACCOUNT, REGION, ROLE, WithServer, eventually

AWAY = (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError, ConnectionError)
BASIC = {"BasicAuthParameters": {"Username": "me", "Password": "basic-password"}}


class WithDelivery(WithServer):
    flags = ("--allow-private-targets", "127.0.0.1")

    def setUp(self):
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.events, self.sqs = self.client("events"), self.client("sqs")

    def queue(self, name, **attributes):
        """A queue's URL and ARN."""
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def destination(self, url, name=None):
        name = name or self.me
        made = self.events.create_connection(Name=name, AuthorizationType="BASIC", AuthParameters=BASIC)
        eventually(lambda: self.events.describe_connection(Name=name)["ConnectionState"] == "AUTHORIZED")
        made = self.events.create_api_destination(
            Name=name, ConnectionArn=made["ConnectionArn"], InvocationEndpoint=url, HttpMethod="POST"
        )
        return made["ApiDestinationArn"]

    def rule(self, target, name=None, **more):
        name = name or self.me
        self.events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
        role = {} if ":sqs:" in target else {"RoleArn": ROLE}
        self.events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": target, **role, **more}])

    def tell(self, count, source=None):
        entry = {"Source": source or self.me, "DetailType": "Told", "Detail": "{}"}
        answer = self.events.put_events(Entries=[entry] * count)
        return [entry["EventId"] for entry in answer["Entries"]]

    def received(self, url, count):
        found = []

        def enough():
            page = self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"]
            )
            for message in page.get("Messages", []):
                found.append(message)
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= count

        eventually(enough)
        return found

    def counts(self, rule=None):
        """What `trainyard event rules` says of the rule."""
        shown = json.loads(self.server.trainyard("event", "rules", "-o", "json").stdout)
        return next(one for one in shown if one["name"] == (rule or self.me))


class Delivery(WithDelivery):
    def test_dead_letters(self):
        """An API that says no for good: the event is in the dead-letter queue at once, with AWS's attributes."""
        api = Api()
        self.addCleanup(api.close)
        api.answers[f"/{self.me}"] = [(404, {}, "no")]
        target = self.destination(f"{api.url}/{self.me}")
        url, dead = self.queue(self.me)
        self.rule(target, DeadLetterConfig={"Arn": dead}, RetryPolicy={"MaximumRetryAttempts": 3})
        (shown,) = self.events.list_targets_by_rule(Rule=self.me)["Targets"]
        self.assertEqual(shown["DeadLetterConfig"], {"Arn": dead})
        (event,) = self.tell(1)
        (letter,) = self.received(url, 1)
        self.assertEqual(json.loads(letter["Body"])["id"], event)
        attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
        self.assertIn("404", attributes.pop("ERROR_MESSAGE"))
        self.assertEqual(
            attributes,
            {
                "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{self.me}",
                "TARGET_ARN": target,
                "ERROR_CODE": "ERROR_FROM_TARGET",
                "RETRY_ATTEMPTS": "0",
            },
        )
        counts = eventually(lambda: self.counts() if self.counts()["dead_letters"] else None)
        self.assertEqual((counts["matched"], counts["failed"], counts["invoked"]), (1, 1, 0))
        self.assertIn(self.me, self.server.trainyard("event", "rules").stdout)

    def test_a_hanging_target(self):
        """Many events wait for an API that does not answer; others reach their queue meanwhile."""
        api, gate = Api(), threading.Event()
        self.addCleanup(api.close)
        self.addCleanup(gate.set)
        api.gates["/hang"] = gate
        self.rule(self.destination(f"{api.url}/hang"), RetryPolicy={"MaximumRetryAttempts": 0})
        url, queue = self.queue(f"{self.me}-well")
        self.rule(queue, name=f"{self.me}-well")
        for _ in range(30):
            self.tell(10)
        began = time.monotonic()
        self.tell(5, source=f"{self.me}-well")
        self.assertEqual(len(self.received(url, 5)), 5)
        self.assertLess(time.monotonic() - began, 5, "it waited for the other")

    def test_a_hanging_api_of_http_tasks(self):
        """More HTTP tasks than are called at a time wait for an API that does not answer; another API is called."""
        slow, quick, gate = Api(), Api(), threading.Event()
        for clean in (slow.close, quick.close, gate.set):
            self.addCleanup(clean)
        slow.gates["/"] = gate
        made = self.events.create_connection(Name=self.me, AuthorizationType="BASIC", AuthParameters=BASIC)

        def machine(name, api):
            parameters = {
                "ApiEndpoint": f"{api.url}/",
                "Method": "GET",
                "Authentication": {"ConnectionArn": made["ConnectionArn"]},
            }
            task = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters, "End": True}
            return self.machine(name, {"Call": task})

        hanging = machine("hanging", slow)
        for _ in range(80):
            self.started(hanging)
        slow.wait_for("/", 60)
        self.ended(self.started(machine("quick", quick)), timeout=20)


class Crash(WithDelivery):
    def test_what_was_acknowledged_arrives(self):
        """Events are put and received while the server is killed again and again: each that was acknowledged is
        received."""
        url, queue = self.queue(self.me, VisibilityTimeout="2")
        self.rule(queue)
        told, seen, stop = set(), set(), threading.Event()

        def tell():
            events = self.server.client("events")
            entries = [{"Source": self.me, "DetailType": "Told", "Detail": "{}"}] * 10
            while not stop.is_set():
                try:
                    told.update(entry["EventId"] for entry in events.put_events(Entries=entries)["Entries"])
                except AWAY:
                    pass

        def receive(over):
            sqs = self.server.client("sqs")
            while not over():
                try:
                    page = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
                    messages = page.get("Messages", [])
                    seen.update(json.loads(message["Body"])["id"] for message in messages)
                    handles = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
                    if handles:
                        sqs.delete_message_batch(QueueUrl=url, Entries=handles)
                except AWAY:
                    pass

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            going = [pool.submit(tell) for _ in range(3)] + [pool.submit(receive, stop.is_set)]
            for kill in itertools.count(1):
                eventually(lambda: len(told) >= 200 * kill)
                self.server.kill()
                self.server.start()
                if kill == 6:
                    break
            stop.set()
            for one in going:
                one.result()
        end = time.monotonic() + 120
        receive(lambda: told <= seen or time.monotonic() > end)
        self.assertEqual(told - seen, set(), "acknowledged and lost")


if __name__ == "__main__":
    unittest.main()
