"""Archives and replays, by boto3: what was acknowledged is archived and told again, wherever the server ends."""

import datetime
import json
import unittest

from harness import ACCOUNT, REGION, WithServer, eventually

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}"


class Archives(WithServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.events, cls.sqs = cls.client("events"), cls.client("sqs")

    def setUp(self):
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:30]
        self.bus = self.events.create_event_bus(Name=self.me)["EventBusArn"]
        self.begun = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)

    def archive(self, **more):
        return self.events.create_archive(ArchiveName=self.me, EventSourceArn=self.bus, **more)["ArchiveArn"]

    def tell(self, numbers):
        """Tells events, ten in a call; each is acknowledged."""
        numbers = list(numbers)
        for at in range(0, len(numbers), 10):
            entries = [
                {"Source": "app", "DetailType": "Told", "Detail": json.dumps({"n": n}), "EventBusName": self.me}
                for n in numbers[at : at + 10]
            ]
            answer = self.events.put_events(Entries=entries)
            self.assertEqual(answer["FailedEntryCount"], 0, answer)

    def holds(self, count):
        def held():
            seen = self.events.describe_archive(ArchiveName=self.me)
            return seen if seen["EventCount"] == count else None

        return eventually(held)

    def queue(self, pattern=None):
        """A rule that sends to a queue; the messages so far."""
        url = self.sqs.create_queue(QueueName=self.me)["QueueUrl"]
        pattern = json.dumps(pattern or {"source": ["app"]})
        self.events.put_rule(Name=self.me, EventBusName=self.me, EventPattern=pattern)
        target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.me}"}
        self.events.put_targets(Rule=self.me, EventBusName=self.me, Targets=[target])
        seen = []

        def received():
            found = self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)
            for message in found.get("Messages", []):
                seen.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return seen

        return received

    def replay(self, name, archive, **more):
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)
        return self.events.start_replay(
            ReplayName=name,
            EventSourceArn=archive,
            EventStartTime=self.begun,
            EventEndTime=end,
            Destination={"Arn": self.bus, **more},
        )

    def over(self, name, state="COMPLETED"):
        def ended():
            seen = self.events.describe_replay(ReplayName=name)
            return seen if "ReplayEndTime" in seen else None

        seen = eventually(ended)
        self.assertEqual(seen["State"], state, seen)
        return seen

    def test_what_is_archived_is_told_again(self):
        archive = self.archive(EventPattern=json.dumps({"detail": {"n": [{"numeric": ["<", 12]}]}}))
        self.tell(range(20))
        seen = self.holds(12)
        self.assertGreater(seen["SizeBytes"], 12 * 50)
        received = self.queue()
        started = self.replay(self.me, archive)
        self.assertEqual(started["State"], "STARTING")
        seen = self.over(self.me)
        self.assertEqual(seen["Destination"], {"Arn": self.bus})
        self.assertLessEqual(seen["EventLastReplayedTime"], seen["ReplayEndTime"])
        eventually(lambda: len(received()) >= 12)
        self.assertEqual(sorted(event["detail"]["n"] for event in received()), list(range(12)))
        self.assertEqual({event["replay-name"] for event in received()}, {self.me})
        self.holds(12)
        replays = self.events.list_replays(EventSourceArn=archive)["Replays"]
        self.assertEqual([(r["ReplayName"], r["State"]) for r in replays], [(self.me, "COMPLETED")])

    def test_only_for_some_rules(self):
        archive = self.archive()
        self.tell(range(3))
        self.holds(3)
        received = self.queue()
        self.replay(f"{self.me}-0", archive, FilterArns=[f"{ARN}:rule/{self.me}/other"])
        self.over(f"{self.me}-0")
        self.replay(f"{self.me}-1", archive, FilterArns=[f"{ARN}:rule/{self.me}/{self.me}"])
        self.over(f"{self.me}-1")
        eventually(lambda: len(received()) >= 3)
        self.assertEqual({event["replay-name"] for event in received()}, {f"{self.me}-1"})

    def test_a_replay_is_cancelled(self):
        archive = self.archive()
        self.replay(self.me, archive)
        self.assertEqual(self.events.cancel_replay(ReplayName=self.me)["State"], "CANCELLING")
        self.over(self.me, "CANCELLED")
        self.refused("IllegalStatusException", self.events.cancel_replay, ReplayName=self.me)

    def test_killed_while_archiving_and_while_replaying(self):
        """Nothing that was acknowledged is missing, and all of it is told again."""
        archive = self.archive()
        count = 1500
        for round in range(3):
            self.tell(range(round * count // 3, (round + 1) * count // 3))
            self.server.kill()
            self.server.start()
        self.holds(count)
        received = self.queue()
        self.replay(self.me, archive)
        running = lambda: self.events.describe_replay(ReplayName=self.me)["State"] != "STARTING"  # noqa: E731
        eventually(running, pause=0.001)
        self.server.kill()
        self.server.start()
        self.over(self.me)
        eventually(lambda: len({event["id"] for event in received()}) >= count, timeout=120)
        self.assertEqual({event["detail"]["n"] for event in received()}, set(range(count)))
        self.holds(count)

    def test_an_archive_goes_with_all_that_is_in_it(self):
        self.archive(Description="all", RetentionDays=7)
        self.tell(range(3))
        self.holds(3)
        rule = self.events.describe_rule(Name=f"Events-Archive-{self.me}", EventBusName=self.me)
        self.assertEqual(rule["ManagedBy"], "prod.vhs.events.aws.internal")
        self.refused("ValidationException", self.events.delete_event_bus, Name=self.me)
        self.events.delete_archive(ArchiveName=self.me)
        self.refused("ResourceNotFoundException", self.events.describe_archive, ArchiveName=self.me)
        self.events.delete_event_bus(Name=self.me)


if __name__ == "__main__":
    unittest.main()
