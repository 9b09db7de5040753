"""Connections and API destinations, by boto3 and with real APIs: events go out in a connection's name, secrets stay."""

import json
import unittest

from apis import Api, basic
from harness import ROLE, WithServer, eventually, paged
from test_canaries import written

API_KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "api-key-s3cret-value"}}
BASIC = {"BasicAuthParameters": {"Username": "me", "Password": "basic-s3cret-password"}}


class Outside(WithServer):
    flags = ("--allow-private-targets", "127.0.0.1")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api = Api()
        cls.addClassCleanup(cls.api.close)

    def setUp(self):
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.path = f"/{self.me}"
        self.events = self.client("events")

    def connection(self, parameters, name=None, **more):
        kinds = {"ApiKeyAuthParameters": "API_KEY", "BasicAuthParameters": "BASIC"}
        kind = kinds.get(next(iter(parameters)), "OAUTH_CLIENT_CREDENTIALS")
        made = self.events.create_connection(
            Name=name or self.me, AuthorizationType=kind, AuthParameters={**parameters, **more}
        )
        return made["ConnectionArn"]

    def oauth(self, secret="client-s3cret", path="/token", **more):
        client = {"ClientID": "id", "ClientSecret": secret}
        endpoint = {"AuthorizationEndpoint": self.api.url + path, "HttpMethod": "POST", "ClientParameters": client}
        return {"OAuthParameters": {**endpoint, **more}}

    def state(self, expect):
        def reached():
            seen = self.events.describe_connection(Name=self.me)
            return seen if seen["ConnectionState"] == expect else None

        return eventually(reached)

    def destination(self, connection, path=None, **more):
        made = self.events.create_api_destination(
            Name=self.me,
            ConnectionArn=connection,
            InvocationEndpoint=self.api.url + (path or self.path),
            **{"HttpMethod": "POST", **more},
        )
        return made["ApiDestinationArn"]

    def rule(self, destination, **target):
        self.events.put_rule(Name=self.me, EventPattern=json.dumps({"source": [self.me]}))
        target = {"Id": "api", "Arn": destination, "RoleArn": ROLE, **target}
        self.events.put_targets(Rule=self.me, Targets=[target])

    def tell(self, detail):
        entry = {"Source": self.me, "DetailType": "Told", "Detail": json.dumps(detail)}
        self.events.put_events(Entries=[entry])


class Connections(Outside):
    def test_what_is_secret_is_not_shown(self):
        more = {"Key": "X-More", "Value": "more-s3cret-value-here", "IsValueSecret": True}
        open_ = {"Key": "X-Open", "Value": "open"}
        self.connection(API_KEY, InvocationHttpParameters={"HeaderParameters": [more, open_]})
        seen = self.events.describe_connection(Name=self.me)
        shown = {"HeaderParameters": [{"Key": "X-More", "IsValueSecret": True}, {**open_, "IsValueSecret": False}]}
        self.assertEqual(
            seen["AuthParameters"],
            {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key"}, "InvocationHttpParameters": shown},
        )
        self.assertIn("secret:events!connection/", seen["SecretArn"])
        listed = self.events.list_connections(NamePrefix=self.me)
        told = json.dumps([seen, listed], default=str) + self.server.said()
        for secret in ("api-key-s3cret-value", "more-s3cret-value-here"):
            for way in written(secret):
                self.assertNotIn(way.decode("latin-1"), told)

    def test_what_is_wrong_is_said_without_the_secret(self):
        bad = {"ApiKeyAuthParameters": {"ApiKeyName": "X Key", "ApiKeyValue": "line\r\nbreak-s3cret"}}
        said = self.refused(
            "ValidationException", self.events.create_connection,
            Name=self.me, AuthorizationType="API_KEY", AuthParameters=bad,
        )
        self.assertIn("2 validation errors detected", said)
        self.assertIn("authParameters.apiKeyAuthParameters.apiKeyName", said)
        self.assertNotIn("s3cret", said)
        self.refused(
            "ValidationException", self.events.create_connection,
            Name=self.me, AuthorizationType="BASIC", AuthParameters=API_KEY,
        )
        said = self.refused(
            "ValidationException", self.events.create_connection,
            Name=self.me, AuthorizationType="NONE", AuthParameters=API_KEY,
        )
        self.assertIn("[BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY]", said)
        for call in (self.events.describe_connection, self.events.delete_connection, self.events.deauthorize_connection):
            self.refused("ResourceNotFoundException", call, Name="none")

    def test_a_connection_is_changed_and_taken_away(self):
        arn = self.connection(BASIC)
        self.refused(
            "ResourceAlreadyExistsException", self.events.create_connection,
            Name=self.me, AuthorizationType="BASIC", AuthParameters=BASIC,
        )
        destination = self.destination(arn)
        # Only the user's name is new: the password stays.
        changed = self.events.update_connection(
            Name=self.me, Description="new", AuthParameters={"BasicAuthParameters": {"Username": "you", "Password": "basic-s3cret-password"}}
        )
        self.assertEqual(changed["ConnectionState"], "AUTHORIZED")
        seen = self.events.describe_connection(Name=self.me)
        self.assertEqual((seen["Description"], seen["AuthParameters"]["BasicAuthParameters"]), ("new", {"Username": "you"}))
        self.rule(destination)
        self.tell({"n": 1})
        self.assertEqual(self.api.wait_for(self.path)[0]["headers"]["authorization"], basic("you", "basic-s3cret-password"))
        self.events.update_connection(Name=self.me, AuthorizationType="API_KEY", AuthParameters=API_KEY)
        self.tell({"n": 2})
        second = self.api.wait_for(self.path, 2)[1]["headers"]
        self.assertEqual((second["x-key"], second.get("authorization")), ("api-key-s3cret-value", None))
        self.assertEqual(self.events.deauthorize_connection(Name=self.me)["ConnectionState"], "DEAUTHORIZING")
        self.assertEqual(self.events.describe_connection(Name=self.me)["ConnectionState"], "DEAUTHORIZED")
        self.assertEqual(self.events.describe_api_destination(Name=self.me)["ApiDestinationState"], "INACTIVE")
        # What is told meanwhile waits until the connection is good again.
        self.tell({"n": 3})
        self.events.update_connection(Name=self.me, AuthorizationType="BASIC", AuthParameters=BASIC)
        self.assertIn('"n":3', self.api.wait_for(self.path, 3)[2]["body"])
        self.assertEqual(self.events.delete_connection(Name=self.me)["ConnectionState"], "DELETING")
        self.assertEqual(self.events.describe_api_destination(Name=self.me)["ApiDestinationState"], "INACTIVE")
        self.refused("ResourceNotFoundException", self.events.describe_connection, Name=self.me)
        self.events.delete_api_destination(Name=self.me)
        self.refused("ResourceNotFoundException", self.events.delete_api_destination, Name=self.me)

    def test_paging(self):
        for n in range(5):
            arn = self.connection(API_KEY, name=f"page-{n}")
            self.events.create_api_destination(
                Name=f"page-{n}", ConnectionArn=arn, HttpMethod="GET", InvocationEndpoint="https://example.com/"
            )
        expect = ([f"page-{n}" for n in range(5)], 3)
        for call, key in (
            (self.events.list_connections, "Connections"),
            (self.events.list_api_destinations, "ApiDestinations"),
        ):
            found, pages = paged(call, key, size="Limit", token="NextToken", NamePrefix="page-")
            self.assertEqual(([one["Name"] for one in found], pages), expect)
        one = self.events.list_api_destinations(ConnectionArn=arn)["ApiDestinations"]
        self.assertEqual([found["Name"] for found in one], ["page-4"])
        self.assertEqual(self.events.list_connections(NamePrefix="page-", ConnectionState="DEAUTHORIZED")["Connections"], [])


class OAuth(Outside):
    def test_a_token_is_got_once_and_anew_when_it_is_refused(self):
        self.connection(self.oauth(OAuthHttpParameters={"BodyParameters": [{"Key": "audience", "Value": "us"}]}))
        self.state("AUTHORIZED")
        asked = self.api.wait_for("/token")[-1]
        self.assertIn("grant_type=client_credentials", asked["body"])
        self.assertIn("audience=us", asked["body"])
        before = self.api.given
        self.rule(self.destination(self.events.describe_connection(Name=self.me)["ConnectionArn"]))
        for n in range(5):
            self.tell({"n": n})
        self.api.wait_for(self.path, 5)
        self.assertEqual(self.api.given, before)
        # The API does not know the old token any more.
        self.api.tokens.clear()
        self.tell({"n": 5})
        refused, good = self.api.wait_for(self.path, 7)[5:7]
        self.assertNotEqual(refused["headers"]["authorization"], good["headers"]["authorization"])
        self.assertEqual(self.api.given, before + 1)
        told = self.server.said() + json.dumps(self.events.describe_connection(Name=self.me), default=str)
        self.assertNotIn("t0ken-", told)
        self.assertNotIn("client-s3cret", told)

    def test_a_client_that_is_refused_is_deauthorized(self):
        self.connection(self.oauth(secret="wrong-s3cret"))
        seen = self.state("DEAUTHORIZED")
        self.assertIn("401", seen["StateReason"])
        self.assertNotIn("s3cret", json.dumps(seen, default=str))
        self.events.update_connection(Name=self.me, AuthParameters=self.oauth())
        self.assertNotIn("StateReason", self.state("AUTHORIZED"))

    def test_a_server_that_is_not_there_yet_is_asked_again(self):
        self.api.answers["/late"] = [(503, {}, ""), (200, {}, '{"access_token": "t0ken-late"}')]
        self.api.tokens.add("t0ken-late")
        self.connection(self.oauth(path="/late"))
        self.assertEqual(self.events.describe_connection(Name=self.me)["ConnectionState"], "AUTHORIZING")
        self.state("AUTHORIZED")
        self.assertEqual(len(self.api.to("/late")), 2)


class Destinations(Outside):
    def test_an_event_becomes_a_request(self):
        parameters = {
            "HeaderParameters": [{"Key": "X-From", "Value": "connection"}],
            "QueryStringParameters": [{"Key": "who", "Value": "connection"}],
            "BodyParameters": [{"Key": "added", "Value": "connection"}],
        }
        connection = self.connection(BASIC, InvocationHttpParameters=parameters)
        http = {
            "PathParameterValues": ["$.detail.id", "fixed/part"],
            "HeaderParameters": {"X-From": "target", "X-Event": "$.detail-type", "User-Agent": "me"},
            "QueryStringParameters": {"who": "target", "n": "$.detail.n"},
        }
        template = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"n": <n>, "added": "target"}'}
        self.rule(
            self.destination(connection, path=f"{self.path}/*/x/*?a=b", HttpMethod="PUT"),
            HttpParameters=http, InputTransformer=template,
        )
        self.assertEqual(self.events.list_targets_by_rule(Rule=self.me)["Targets"][0]["HttpParameters"], http)
        self.tell({"id": "../7", "n": 3})
        sent = self.api.wait_for(f"{self.path}/%2E%2E%2F7/x/fixed%2Fpart")[0]
        self.assertEqual((sent["method"], json.loads(sent["body"])), ("PUT", {"n": 3, "added": "connection"}))
        self.assertEqual(sent["query"], {"a": ["b"], "who": ["connection"], "n": ["3"]})
        headers = sent["headers"]
        self.assertEqual(headers["authorization"], basic("me", "basic-s3cret-password"))
        self.assertEqual((headers["x-from"], headers["x-event"]), ("connection", "Told"))
        self.assertEqual(headers["user-agent"], "Amazon/EventBridge/ApiDestinations")
        self.assertEqual(headers["content-type"].lower(), "application/json; charset=utf-8")

    def test_what_may_pass_is_tried_again_and_the_rest_is_not(self):
        self.api.answers[self.path] = [(429, {}, ""), (503, {}, ""), (200, {}, "")]
        self.rule(self.destination(self.connection(API_KEY)))
        self.tell({"n": 1})
        self.assertEqual(len({sent["body"] for sent in self.api.wait_for(self.path, 3)}), 1)
        self.api.answers[self.path] = [(404, {}, "")]
        self.tell({"n": 2})
        self.api.wait_for(self.path, 4)
        eventually(lambda: "answers with status 404" in self.server.said())
        self.assertEqual(len(self.api.to(self.path)), 4)

    def test_a_redirection_is_not_followed(self):
        self.api.answers[self.path] = [(307, {"Location": f"{self.api.url}/elsewhere"}, "")]
        self.rule(self.destination(self.connection(API_KEY)))
        self.tell({"n": 1})
        self.api.wait_for(self.path)
        eventually(lambda: "answers with status 307" in self.server.said())
        self.assertEqual(self.api.to("/elsewhere"), [])

    def test_http_parameters_are_for_destinations(self):
        machine = self.machine(self.me, {"P": {"Type": "Pass", "End": True}})
        self.events.put_rule(Name=self.me, EventPattern=json.dumps({"source": [self.me]}))
        target = {"Id": "m", "Arn": machine, "RoleArn": ROLE, "HttpParameters": {"HeaderParameters": {"a": "b"}}}
        self.refused("ValidationException", self.events.put_targets, Rule=self.me, Targets=[target])


class Closed(Outside):
    """Nobody has opened this machine to users' calls."""

    flags = ()

    def test_this_machine_is_not_called(self):
        self.rule(self.destination(self.connection(API_KEY)))
        self.tell({"n": 1})
        eventually(lambda: "--allow-private-targets" in self.server.said())
        self.connection(self.oauth(), name="oauth")
        reason = eventually(lambda: self.events.describe_connection(Name="oauth").get("StateReason"))
        self.assertIn("is not public", reason)
        self.assertEqual(self.api.requests, [])


if __name__ == "__main__":
    unittest.main()
