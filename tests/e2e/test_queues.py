"""SQS: real clients of both protocols, queues as targets and tasks, and what a `kill -9` leaves."""

import concurrent.futures
import hashlib
import http.client
import itertools
import json
import threading
import time
import unittest
import urllib.parse
import xml.etree.ElementTree

import botocore.exceptions
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import ACCOUNT, REGION, WithServer, eventually

AWAY = (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError, ConnectionError)
OLD = {"q": "http://queue.amazonaws.com/doc/2012-11-05/"}


class WithQueues(WithServer):
    @property
    def sqs(self):
        return self.client("sqs")

    def queue(self, name=None, **attributes):
        """A queue named after the test; its URL."""
        name = name or self._testMethodName.removeprefix("test_")
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def received(self, url, count=1, **more):
        """That many messages, received and deleted."""
        found = []

        def enough():
            page = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, **more)
            for message in page.get("Messages", []):
                found.append(message)
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= count

        eventually(enough)
        self.assertEqual(len(found), count)
        return found

    def arn(self, url):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


class Boto(WithQueues):
    def test_messages_and_attributes(self):
        url = self.queue()
        self.assertEqual(url, f"{self.server.url}/{ACCOUNT}/messages_and_attributes")
        self.assertEqual(self.sqs.get_queue_url(QueueName="messages_and_attributes")["QueueUrl"], url)
        attributes = {
            "text": {"DataType": "String", "StringValue": "grüße"},
            "number": {"DataType": "Number.int", "StringValue": "42"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\0\xff"},
        }
        trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
        sent = self.sqs.send_message(
            QueueUrl=url, MessageBody="hällo", MessageAttributes=attributes, MessageSystemAttributes=trace
        )
        self.assertEqual(sent["MD5OfMessageBody"], hashlib.md5("hällo".encode()).hexdigest())
        (message,) = self.sqs.receive_message(
            QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )["Messages"]
        self.assertEqual((message["Body"], message["MessageId"]), ("hällo", sent["MessageId"]))
        self.assertEqual(message["MessageAttributes"], attributes)
        self.assertEqual(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
        self.assertEqual(sent["MD5OfMessageAttributes"], md5_of(attributes))
        self.assertEqual(message["Attributes"]["AWSTraceHeader"], trace["AWSTraceHeader"]["StringValue"])
        self.assertEqual(message["Attributes"]["ApproximateReceiveCount"], "1")
        again = self.sqs.receive_message(QueueUrl=url)
        self.assertNotIn("Messages", again)
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
        (message,) = self.sqs.receive_message(QueueUrl=url, MessageAttributeNames=["num.*"])["Messages"]
        self.assertEqual(list(message["MessageAttributes"]), ["number"])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        counts = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(counts["ApproximateNumberOfMessages"], "0")
        self.assertEqual(counts["QueueArn"], f"arn:aws:sqs:{REGION}:{ACCOUNT}:messages_and_attributes")

    def test_batches(self):
        url = self.queue()
        entries = [{"Id": str(n), "MessageBody": f"m{n}" if n != 3 else "\0"} for n in range(10)]
        told = self.sqs.send_message_batch(QueueUrl=url, Entries=entries)
        self.assertEqual([entry["Id"] for entry in told["Successful"]], list("012456789"))
        self.assertEqual([(entry["Id"], entry["Code"]) for entry in told["Failed"]], [("3", "InvalidMessageContents")])
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        self.assertEqual([message["Body"] for message in messages], [f"m{n}" for n in range(10) if n != 3])
        handles = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
        moved = self.sqs.change_message_visibility_batch(
            QueueUrl=url, Entries=[{**handle, "VisibilityTimeout": 60} for handle in handles]
        )
        self.assertEqual(len(moved["Successful"]), 9)
        gone = self.sqs.delete_message_batch(
            QueueUrl=url, Entries=[*handles, {"Id": "wrong", "ReceiptHandle": "wrong"}]
        )
        self.assertEqual((len(gone["Successful"]), gone["Failed"][0]["Code"]), (9, "ReceiptHandleIsInvalid"))
        same = [{"Id": "a", "MessageBody": "x"}] * 2
        prefix = "AWS.SimpleQueueService."
        self.refused(prefix + "BatchEntryIdsNotDistinct", self.sqs.send_message_batch, QueueUrl=url, Entries=same)
        self.refused(prefix + "EmptyBatchRequest", self.sqs.send_message_batch, QueueUrl=url, Entries=[])
        many = [{"Id": str(n), "MessageBody": "x"} for n in range(11)]
        self.refused(prefix + "TooManyEntriesInBatchRequest", self.sqs.send_message_batch, QueueUrl=url, Entries=many)
        large = [{"Id": str(n), "MessageBody": "x" * 600_000} for n in range(2)]
        self.refused(prefix + "BatchRequestTooLong", self.sqs.send_message_batch, QueueUrl=url, Entries=large)

    def test_refusals(self):
        url = self.queue(MaximumMessageSize="1024")
        none = f"{self.server.url}/{ACCOUNT}/none"
        missing = "AWS.SimpleQueueService.NonExistentQueue"
        self.refused(missing, self.sqs.send_message, QueueUrl=none, MessageBody="x")
        self.refused(missing, self.sqs.get_queue_url, QueueName="none")
        self.refused(missing, self.sqs.receive_message, QueueUrl="http://elsewhere")
        self.refused("QueueAlreadyExists", self.queue, name="refusals", MaximumMessageSize="2048")
        self.refused("InvalidParameterValue", self.queue, name="no name")
        self.refused("InvalidAttributeName", self.queue, name="other", Colour="red")
        self.refused("InvalidAttributeValue", self.queue, name="other", DelaySeconds="901")
        self.refused("InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x" * 1025)
        self.refused("MissingParameter", self.sqs.send_message, QueueUrl=url, MessageBody="")
        self.refused("InvalidMessageContents", self.sqs.send_message, QueueUrl=url, MessageBody="\ufffe")
        self.refused("InvalidParameterValue", self.sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=11)
        self.refused("InvalidParameterValue", self.sqs.receive_message, QueueUrl=url, WaitTimeSeconds=21)
        self.refused("ReceiptHandleIsInvalid", self.sqs.delete_message, QueueUrl=url, ReceiptHandle="x")
        self.refused(
            "InvalidParameterValue", self.sqs.send_message, QueueUrl=url, MessageBody="x", MessageDeduplicationId="x"
        )
        from botocore.exceptions import ClientError

        with self.assertRaises(self.sqs.exceptions.QueueDoesNotExist):
            self.sqs.purge_queue(QueueUrl=none)
        with self.assertRaises(ClientError) as caught:
            self.sqs.purge_queue(QueueUrl=none)
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)

    def test_order(self):
        url = self.queue("order.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        for n in range(6):
            body = {"QueueUrl": url, "MessageBody": f"m{n}", "MessageGroupId": f"g{n % 2}"}
            first, second = self.sqs.send_message(**body), self.sqs.send_message(**body)
            self.assertEqual(first["MessageId"], second["MessageId"], "the same is sent once")
            self.assertEqual(len(first["SequenceNumber"]), 20)
        names = ["MessageGroupId", "SequenceNumber", "MessageDeduplicationId"]
        (one,) = self.sqs.receive_message(QueueUrl=url, AttributeNames=names)["Messages"]
        self.assertEqual((one["Body"], one["Attributes"]["MessageGroupId"]), ("m0", "g0"))
        self.assertEqual(sorted(one["Attributes"]), sorted(names))
        others = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        self.assertEqual([message["Body"] for message in others], ["m1", "m3", "m5"], "the other group is busy")
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        rest = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        self.assertEqual([message["Body"] for message in rest], ["m2", "m4"])
        self.refused("MissingParameter", self.sqs.send_message, QueueUrl=url, MessageBody="x")

    def test_a_queue_and_its_name(self):
        urls = [self.queue(f"page-{n}") for n in range(5)]
        listed, token = [], {}
        while token is not None:
            page = self.sqs.list_queues(QueueNamePrefix="page-", MaxResults=2, **token)
            listed += page["QueueUrls"]
            token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
        self.assertEqual(listed, urls)
        url = urls[0]
        self.sqs.tag_queue(QueueUrl=url, Tags={"team": "ml", "stage": "dev"})
        self.sqs.untag_queue(QueueUrl=url, TagKeys=["stage"])
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"team": "ml"})
        tagged = self.sqs.create_queue(QueueName="tagged", tags={"a": "b"})["QueueUrl"]
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=tagged)["Tags"], {"a": "b"})
        self.sqs.add_permission(QueueUrl=url, Label="l", AWSAccountIds=["111111111111"], Actions=["SendMessage"])
        policy = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
        self.assertEqual(json.loads(policy)["Statement"][0]["Action"], "SQS:SendMessage")
        self.sqs.remove_permission(QueueUrl=url, Label="l")
        self.sqs.send_message(QueueUrl=url, MessageBody="x")
        self.sqs.purge_queue(QueueUrl=url)
        self.assertNotIn("Messages", self.sqs.receive_message(QueueUrl=url))
        self.sqs.delete_queue(QueueUrl=url)
        self.refused("AWS.SimpleQueueService.NonExistentQueue", self.sqs.purge_queue, QueueUrl=url)

    def test_dead_letters(self):
        dead = self.queue("dead")
        redrive = json.dumps({"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": 1})
        to_itself = {"RedrivePolicy": redrive}
        why = self.refused(
            "InvalidParameterValue", self.sqs.set_queue_attributes, QueueUrl=dead, Attributes=to_itself
        )
        self.assertIn("must be another queue", why)
        url = self.queue(RedrivePolicy=redrive, VisibilityTimeout="0")
        self.sqs.send_message(QueueUrl=url, MessageBody="poison")
        self.assertEqual(len(self.sqs.receive_message(QueueUrl=url)["Messages"]), 1)
        self.assertNotIn("Messages", self.sqs.receive_message(QueueUrl=url))
        (message,) = self.received(dead, AttributeNames=["DeadLetterQueueSourceArn"])
        self.assertEqual(message["Attributes"]["DeadLetterQueueSourceArn"], self.arn(url))
        self.assertEqual(self.sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [url])
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
        for body in ("one", "two"):
            self.sqs.send_message(QueueUrl=dead, MessageBody=body)
        self.sqs.start_message_move_task(SourceArn=self.arn(dead), DestinationArn=self.arn(url))
        listed = eventually(
            lambda: [
                move
                for move in self.sqs.list_message_move_tasks(SourceArn=self.arn(dead))["Results"]
                if move["Status"] == "COMPLETED"
            ]
        )
        self.assertEqual(listed[0]["ApproximateNumberOfMessagesMoved"], 2)
        self.assertEqual({message["Body"] for message in self.received(url, 2)}, {"one", "two"})

    def test_waiting(self):
        url = self.queue(ReceiveMessageWaitTimeSeconds="20")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waiting = pool.submit(self.server.client("sqs").receive_message, QueueUrl=url)
            before = time.monotonic()
            self.sqs.send_message(QueueUrl=url, MessageBody="here")
            self.assertEqual(waiting.result()["Messages"][0]["Body"], "here")
        self.assertLess(time.monotonic() - before, 15, "it did not wait for its time to pass")
        before = time.monotonic()
        self.assertNotIn("Messages", self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1))
        self.assertGreaterEqual(time.monotonic() - before, 1)

    def test_the_cli(self):
        def sqs(action, *arguments):
            # Version 1 of it goes to AWS's own host for queues unless the command line says otherwise.
            return self.server.aws("--endpoint-url", self.server.url, "sqs", action, *arguments)

        url = ("--queue-url", sqs("create-queue", "--queue-name", "cli")["QueueUrl"])
        sqs("send-message", *url, "--message-body", "hello")
        (message,) = sqs("receive-message", *url, "--wait-time-seconds", "1")["Messages"]
        self.assertEqual(message["Body"], "hello")
        sqs("delete-message", *url, "--receipt-handle", message["ReceiptHandle"])
        shown = sqs("get-queue-attributes", *url, "--attribute-names", "All")["Attributes"]
        self.assertEqual(shown["ApproximateNumberOfMessagesNotVisible"], "0")

    def test_receivers_share_no_message(self):
        url, total = self.queue(), 300
        for first in range(0, total, 10):
            entries = [{"Id": str(n), "MessageBody": str(first + n)} for n in range(10)]
            self.sqs.send_message_batch(QueueUrl=url, Entries=entries)

        def drain(_):
            sqs, got = self.server.client("sqs"), []
            while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3).get("Messages", []):
                got += [message["Body"] for message in found]
            return got

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            bodies = list(itertools.chain.from_iterable(pool.map(drain, range(16))))
        self.assertEqual(sorted(bodies, key=int), [str(n) for n in range(total)])


def md5_of(attributes):
    """SQS's digest of attributes, made anew from its description."""
    digest = hashlib.md5()

    def part(data):
        digest.update(len(data).to_bytes(4, "big") + data)

    for name in sorted(attributes):
        value = attributes[name]
        part(name.encode())
        part(value["DataType"].encode())
        binary = "BinaryValue" in value
        digest.update(b"\2" if binary else b"\1")
        part(value["BinaryValue"] if binary else value["StringValue"].encode())
    return digest.hexdigest()


class Query(WithQueues):
    """The protocol of clients from before 2023: forms in, XML out, at the queue's own URL."""

    def ask(self, url, action, status=200, **fields):
        form = urllib.parse.urlencode({"Action": action, "Version": "2012-11-05", **fields})
        request = AWSRequest("POST", url, data=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
        exports = self.server.exports
        keys = Credentials(exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(keys, "sqs", REGION).add_auth(request)
        link = http.client.HTTPConnection("127.0.0.1", self.server.port)
        link.request("POST", urllib.parse.urlsplit(url).path, form, dict(request.headers))
        answer = link.getresponse()
        text = answer.read().decode()
        link.close()
        self.assertEqual(answer.status, status, text)
        return xml.etree.ElementTree.fromstring(text)

    def test_a_message(self):
        made = self.ask(self.server.url + "/", "CreateQueue", **{
            "QueueName": "old", "Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "7",
            "Tag.1.Key": "team", "Tag.1.Value": "ml",
        })  # fmt: skip
        url = made.findtext("q:CreateQueueResult/q:QueueUrl", namespaces=OLD)
        self.assertEqual(url, f"{self.server.url}/{ACCOUNT}/old")
        sent = self.ask(url, "SendMessage", **{
            "MessageBody": "a <b> & c", "MessageAttribute.1.Name": "n", "MessageAttribute.1.Value.DataType": "String",
            "MessageAttribute.1.Value.StringValue": "v",
        })  # fmt: skip
        md5 = sent.findtext("q:SendMessageResult/q:MD5OfMessageBody", namespaces=OLD)
        self.assertEqual(md5, hashlib.md5(b"a <b> & c").hexdigest())
        batch = {}
        for n in (1, 2):
            batch |= {
                f"SendMessageBatchRequestEntry.{n}.Id": f"e{n}",
                f"SendMessageBatchRequestEntry.{n}.MessageBody": f"b{n}",
            }
        told = self.ask(url, "SendMessageBatch", **batch)
        ids = told.findall("q:SendMessageBatchResult/q:SendMessageBatchResultEntry/q:Id", OLD)
        self.assertEqual([id.text for id in ids], ["e1", "e2"])
        got = self.ask(url, "ReceiveMessage", **{
            "MaxNumberOfMessages": "10", "AttributeName.1": "ApproximateReceiveCount", "MessageAttributeName.1": "All",
        })  # fmt: skip
        messages = got.findall("q:ReceiveMessageResult/q:Message", OLD)
        self.assertEqual([message.findtext("q:Body", namespaces=OLD) for message in messages], ["a <b> & c", "b1", "b2"])
        value = messages[0].findtext("q:MessageAttribute/q:Value/q:StringValue", namespaces=OLD)
        self.assertEqual((value, messages[0].findtext("q:Attribute/q:Value", namespaces=OLD)), ("v", "1"))
        entries = {}
        for n, message in enumerate(messages, 1):
            handle = message.findtext("q:ReceiptHandle", namespaces=OLD)
            entries |= {
                f"DeleteMessageBatchRequestEntry.{n}.Id": f"e{n}",
                f"DeleteMessageBatchRequestEntry.{n}.ReceiptHandle": handle,
            }
        gone = self.ask(url, "DeleteMessageBatch", **entries)
        self.assertEqual(len(gone.findall("q:DeleteMessageBatchResult/q:DeleteMessageBatchResultEntry", OLD)), 3)
        shown = self.ask(url, "GetQueueAttributes", **{"AttributeName.1": "All"})
        shown = shown.findall("q:GetQueueAttributesResult/q:Attribute", OLD)
        shown = {pair.findtext("q:Name", namespaces=OLD): pair.findtext("q:Value", namespaces=OLD) for pair in shown}
        self.assertEqual((shown["VisibilityTimeout"], shown["ApproximateNumberOfMessages"]), ("7", "0"))
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"team": "ml"})

    def test_refusals(self):
        refused = self.ask(f"{self.server.url}/{ACCOUNT}/none", "PurgeQueue", status=400)
        code = refused.findtext("q:Error/q:Code", namespaces=OLD)
        self.assertEqual(code, "AWS.SimpleQueueService.NonExistentQueue")
        self.assertEqual(refused.findtext("q:Error/q:Type", namespaces=OLD), "Sender")
        unknown = self.ask(self.server.url + "/", "Frobnicate", status=400)
        self.assertEqual(unknown.findtext("q:Error/q:Code", namespaces=OLD), "InvalidAction")


class Loop(WithQueues):
    """Queues as tasks, targets and resources."""

    def test_a_task(self):
        url = self.queue()
        send = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {
                "QueueUrl": url,
                "MessageBody": {"n.$": "$.n"},
                "MessageAttributes": {"a": {"DataType": "String", "StringValue": "b"}},
            },
            "End": True,
        }
        output = json.loads(self.ended(self.started(self.machine("sends", {"Send": send}), {"n": 1}))["output"])
        (message,) = self.received(url, MessageAttributeNames=["All"])
        self.assertEqual((message["Body"], message["MessageId"]), ('{"n":1}', output["MessageId"]))
        self.assertEqual(message["MD5OfMessageAttributes"], output["MD5OfMessageAttributes"])
        none = {**send, "Parameters": {"QueueUrl": url + "-none", "MessageBody": "x"}}
        failed = self.ended(self.started(self.machine("sends-nowhere", {"Send": none})), "FAILED")
        self.assertEqual(failed["error"], "SQS.QueueDoesNotExistException")

    def test_a_token(self):
        url = self.queue()
        ask = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
            "End": True,
        }
        execution = self.started(self.machine("asks", {"Ask": ask}))
        token = json.loads(self.received(url)[0]["Body"])["token"]
        self.client("stepfunctions").send_task_success(taskToken=token, output='"fine"')
        self.assertEqual(self.ended(execution)["output"], '"fine"')

    def test_every_operation_as_a_task(self):
        url = self.queue()
        states, names = {}, ["SendMessage", "ReceiveMessage", "GetQueueAttributes", "PurgeQueue"]
        more = {
            "SendMessage": {"MessageBody": {"an": "object"}},
            "GetQueueAttributes": {"AttributeNames": ["QueueArn"]},
        }
        for name, following in zip(names, [*names[1:], None]):
            states[name] = {
                "Type": "Task",
                "Resource": f"arn:aws:states:::aws-sdk:sqs:{name[0].lower()}{name[1:]}",
                "Parameters": {"QueueUrl": url, **more.get(name, {})},
                "ResultPath": f"$.{name}",
                **({"Next": following} if following else {"End": True}),
            }
        output = json.loads(self.ended(self.started(self.machine("all-of-it", states)))["output"])
        self.assertEqual(output["ReceiveMessage"]["Messages"][0]["Body"], '{"an":"object"}')
        self.assertEqual(output["GetQueueAttributes"]["Attributes"]["QueueArn"], self.arn(url))

    def rule(self, name, target):
        events = self.client("events")
        events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
        return events.put_targets(Rule=name, Targets=[{"Id": "q", **target}])

    def put(self, name):
        entry = {"Source": name, "DetailType": "t", "Detail": '{"a": 1}'}
        self.client("events").put_events(Entries=[entry])

    def test_a_target(self):
        url = self.queue()
        self.rule("to-a-queue", {"Arn": self.arn(url)})
        self.put("to-a-queue")
        event = json.loads(self.received(url)[0]["Body"])
        self.assertEqual((event["source"], event["detail"]), ("to-a-queue", {"a": 1}))
        self.rule("to-a-queue", {"Arn": self.arn(url), "InputPath": "$.source"})
        self.put("to-a-queue")
        self.assertEqual(self.received(url)[0]["Body"], '"to-a-queue"')

    def test_a_target_in_order(self):
        url = self.queue("target.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        arn = self.arn(url)
        self.refused("ValidationException", self.rule, name="in-order", target={"Arn": arn})
        self.rule("in-order", {"Arn": arn, "SqsParameters": {"MessageGroupId": "g"}})
        shown = self.client("events").list_targets_by_rule(Rule="in-order")["Targets"][0]
        self.assertEqual(shown["SqsParameters"], {"MessageGroupId": "g"})
        self.put("in-order")
        (message,) = self.received(url, AttributeNames=["MessageGroupId"])
        self.assertEqual(message["Attributes"]["MessageGroupId"], "g")

    def test_a_stack(self):
        work = self.directory / "stack"
        work.mkdir()
        (work / "template.yaml").write_text(TEMPLATE)
        deploy = ("deploy", "--stack-name", "queues", "--parameter-overrides")
        self.server.trainyard(*deploy, "Seconds=7", cwd=work)
        url = self.sqs.get_queue_url(QueueName="stacked")["QueueUrl"]
        shown = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual((shown["VisibilityTimeout"], shown["DelaySeconds"]), ("7", "1"))
        self.assertEqual(json.loads(shown["RedrivePolicy"])["maxReceiveCount"], 3)
        self.assertIn("events.amazonaws.com", shown["Policy"])
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"team": "ml"})
        (work / "template.yaml").write_text(TEMPLATE.replace("DelaySeconds: 1, ", ""))
        self.server.trainyard(*deploy, "Seconds=8", cwd=work)
        shown = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual((shown["VisibilityTimeout"], shown["DelaySeconds"]), ("8", "0"))
        self.put("stacked")
        self.assertEqual(json.loads(self.received(url)[0]["Body"])["source"], "stacked")
        (work / "template.yaml").write_text(TEMPLATE.replace("Properties: {DelaySeconds", "Properties: {Colour: red, DelaySeconds"))
        wrong = self.server.trainyard(*deploy, "Seconds=8", cwd=work, check=False)
        self.assertIn("Colour", wrong.stderr)


TEMPLATE = """\
Parameters:
  Seconds: {Type: String}
Resources:
  Dead: {Type: AWS::SQS::Queue}
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: 1, QueueName: stacked, VisibilityTimeout: !Sub "${Seconds}",
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3},
      Tags: [{Key: team, Value: ml}]}
  Letters:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Jobs]
      PolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: events.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt Jobs.Arn
            Condition: {ArnEquals: {aws:SourceArn: !GetAtt Rule.Arn}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [stacked]}
      Targets: [{Id: q, Arn: !GetAtt Jobs.Arn}]
"""


class Crash(WithQueues):
    def test_what_was_acknowledged_is_there(self):
        """Senders and receivers go on while the server is killed: every message that was acknowledged is received, and
        what was deleted never comes again."""
        url, stop = self.queue(VisibilityTimeout="2"), threading.Event()
        sent, deleted, seen = set(), set(), set()

        def send(sender):
            sqs = self.server.client("sqs")
            for n in itertools.count():
                if stop.is_set():
                    return
                bodies = [f"{sender}-{n}-{k}" for k in range(5)]
                entries = [{"Id": str(k), "MessageBody": body} for k, body in enumerate(bodies)]
                try:
                    sqs.send_message_batch(QueueUrl=url, Entries=entries)
                    sent.update(bodies)
                except AWAY:
                    pass

        def receive(until):
            sqs = self.server.client("sqs")
            while not until():
                try:
                    page = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
                    bodies = {m["MessageId"]: m["Body"] for m in page.get("Messages", [])}
                    self.assertEqual(deleted & set(bodies.values()), set(), "deleted and back")
                    seen.update(bodies.values())
                    handles = [
                        {"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in page.get("Messages", [])
                    ]
                    if handles:
                        gone = sqs.delete_message_batch(QueueUrl=url, Entries=handles)["Successful"]
                        deleted.update(bodies[entry["Id"]] for entry in gone)
                except AWAY:
                    pass

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            going = [pool.submit(send, n) for n in range(2)] + [pool.submit(receive, stop.is_set)]
            for kill in range(1, 9):
                eventually(lambda: len(sent) >= 50 * kill)
                self.server.kill()
                self.server.start()
            stop.set()
            for one in going:
                one.result()
        end = time.monotonic() + 120
        receive(lambda: sent <= seen or time.monotonic() > end)
        self.assertEqual(sent - seen, set(), "acknowledged and lost")


if __name__ == "__main__":
    unittest.main()
