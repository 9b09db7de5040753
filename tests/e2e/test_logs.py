"""How long log groups keep their events, by boto3 and over a start of the server."""

import unittest

from harness import ACCOUNT, REGION, WithServer, eventually


class Retention(WithServer):
    GROUP = "/test/kept"

    def events(self):
        return self.client("logs").filter_log_events(logGroupName=self.GROUP)["events"]

    def shown(self):
        (group,) = self.client("logs").describe_log_groups(logGroupNamePrefix=self.GROUP)["logGroups"]
        return group.get("retentionInDays")

    def streams(self):
        streams = self.client("logs").describe_log_streams(logGroupName=self.GROUP)["logStreams"]
        return [stream["arn"] for stream in streams]

    def write(self):
        """Three events by a rule: one of 2017, one of now, one of 2017 behind it."""
        events, bus = self.client("events"), "kept"
        events.create_event_bus(Name=bus)
        target = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self.GROUP}"
        old = {"InputTemplate": '{"timestamp": 1500000000000, "message": "old"}'}
        for rule in ("a", "b"):
            events.put_rule(Name=rule, EventBusName=bus, EventPattern='{"source": ["%s"]}' % rule)
        events.put_targets(Rule="a", EventBusName=bus, Targets=[{"Id": "1", "Arn": target, "InputTransformer": old}])
        events.put_targets(Rule="b", EventBusName=bus, Targets=[{"Id": "1", "Arn": target}])
        for count, source in enumerate("aba", 1):
            entry = {"Source": source, "DetailType": "t", "Detail": "{}", "EventBusName": bus}
            self.assertEqual(events.put_events(Entries=[entry])["FailedEntryCount"], 0)
            eventually(lambda: len(self.events()) == count)

    def test_retention(self):
        logs = self.client("logs")
        logs.create_log_group(logGroupName=self.GROUP)
        self.assertIsNone(self.shown())
        self.write()
        for days in (0, 2, 3654):
            self.refused(
                "InvalidParameterException", logs.put_retention_policy, logGroupName=self.GROUP, retentionInDays=days
            )
        for call, more in ((logs.put_retention_policy, {"retentionInDays": 1}), (logs.delete_retention_policy, {})):
            self.refused("ResourceNotFoundException", call, logGroupName="none", **more)
        logs.put_retention_policy(logGroupName=self.GROUP, retentionInDays=3653)
        logs.delete_retention_policy(logGroupName=self.GROUP)
        self.assertIsNone(self.shown())
        logs.put_retention_policy(logGroupName=self.GROUP, retentionInDays=7)
        streams = self.streams()
        self.server.kill()
        # A server lets go of what is old when it starts, and each day.
        self.server.start()
        self.assertEqual(self.shown(), 7)
        eventually(lambda: len(self.events()) == 1)
        (event,) = self.events()
        self.assertGreater(event["timestamp"], 1500000000000)
        self.assertEqual(self.streams(), streams, "streams stay, as with AWS")


if __name__ == "__main__":
    unittest.main()
