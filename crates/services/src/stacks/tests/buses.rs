//! Buses, what lets others in, connections and queues.

use serde_json::Value;

use super::*;
use crate::queues::{Caller, QueueName};

const BUSES: &str = r#"
Parameters:
  Text: {Type: String, Default: for all}
  Days: {Type: Number, Default: 3}
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: team, Description: !Ref Text, Tags: [{Key: of, Value: us}]}
  Theirs:
    Type: AWS::Events::EventBusPolicy
    Properties:
      EventBusName: !Ref Bus
      StatementId: theirs
      Statement: {Effect: Allow, Principal: {AWS: "111111111111"}, Action: "events:PutEvents", Resource: !GetAtt Bus.Arn}
  Everybody:
    Type: AWS::Events::EventBusPolicy
    Properties: {EventBusName: !Ref Bus, StatementId: all, Action: "events:PutEvents", Principal: "*"}
  Archive:
    Type: AWS::Events::Archive
    Properties: {SourceArn: !GetAtt Bus.Arn, EventPattern: {source: [app]}, RetentionDays: !Ref Days}
  Login:
    Type: AWS::Events::Connection
    Properties:
      Name: login
      AuthorizationType: API_KEY
      AuthParameters: {ApiKeyAuthParameters: {ApiKeyName: X-Key, ApiKeyValue: s3cret}}
  Hook:
    Type: AWS::Events::ApiDestination
    Properties:
      ConnectionArn: !GetAtt Login.Arn
      InvocationEndpoint: https://example.com/hook
      HttpMethod: POST
Outputs:
  Archive: {Value: !Ref Archive}
  Hook: {Value: !Ref Hook}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buses_with_policies_and_archives_are_deployed() {
    let (house, _guard) = House::running().await;
    let first = house.deploy(asked(BUSES)).await.unwrap();
    assert_eq!(first.stack.status, Status::CreateComplete, "{:?}", first.stack.reason);
    let archive = first.stack.outputs[0].value.clone();
    let bus = &house.there.bus;
    let described = bus.describe_bus(&house.scope, Some("team")).await.unwrap();
    assert_eq!(described.settings.description.as_deref(), Some("for all"));
    assert_eq!(house.permissions().await, ["all *", "theirs 111111111111"]);
    let (connections, hook) = (&house.there.connections, first.stack.outputs[1].value.clone());
    let login = connections.describe(&house.scope, "login").await.unwrap();
    let destination = connections.describe_destination(&house.scope, &hook).await.unwrap();
    assert_eq!(destination.connection, login.arn());
    assert_eq!(
        first.stack.resources.iter().find(|made| made.logical_id == "Login").unwrap().attributes["Arn"],
        login.arn().to_string()
    );
    let (kept, _) = bus.describe_archive(&house.scope, &archive).await.unwrap();
    assert_eq!((kept.bus.as_str(), kept.retention_days), ("team", 3));
    let less = BUSES
        .replace("  Text: {Type: String, Default: for all}\n", "")
        .replace(", Description: !Ref Text", "");
    let second = house.deploy(with(&less, &[("Days", "9")])).await.unwrap();
    assert_eq!(second.stack.status, Status::UpdateComplete, "{:?}", second.stack.reason);
    let described = bus.describe_bus(&house.scope, Some("team")).await.unwrap();
    assert_eq!(described.settings.description, None);
    assert_eq!(bus.describe_archive(&house.scope, &archive).await.unwrap().0.retention_days, 9);
    house.deploy(asked("Resources:\n  Data: {Type: AWS::S3::Bucket}\n")).await.unwrap();
    assert!(bus.describe_archive(&house.scope, &archive).await.is_err());
    assert!(connections.describe(&house.scope, "login").await.is_err());
    assert!(connections.describe_destination(&house.scope, &hook).await.is_err());
    assert!(bus.describe_bus(&house.scope, Some("team")).await.is_err());
}

impl House {
    /// The statements of the bus's policy, each by its name and whom it lets in.
    async fn permissions(&self) -> Vec<String> {
        let bus = self.there.bus.describe_bus(&self.scope, Some("team")).await.unwrap();
        let policy = bus.policy.map(|text| serde_json::from_str::<Value>(&text).unwrap());
        let statements = policy.map(|policy| policy["Statement"].as_array().unwrap().clone());
        let written = |statement: &Value| {
            let who = statement["Principal"]["AWS"].as_str().or(statement["Principal"].as_str()).unwrap();
            let account = who.split(':').nth(4).unwrap_or(who);
            format!("{} {account}", statement["Sid"].as_str().unwrap_or("-"))
        };
        let mut all: Vec<_> = statements.unwrap_or_default().iter().map(written).collect();
        all.sort_unstable();
        all
    }
}

/// A bus with these statements of its own, one that a resource adds, and a rule on a bus that need not be there.
fn with_statements(statements: &[(&str, &str)], rule_on: &str) -> Deployment {
    let statement = |(id, account): &(&str, &str)| {
        let name = if id.is_empty() { String::new() } else { format!("Sid: {id}, ") };
        format!(
            "{{{name}Effect: Allow, Principal: {{AWS: \"{account}\"}}, Action: 'events:PutEvents', Resource: '*'}}"
        )
    };
    let statements: Vec<_> = statements.iter().map(statement).collect();
    let policy = match statements.is_empty() {
        true => String::new(),
        false => format!(", Policy: {{Version: '2012-10-17', Statement: [{}]}}", statements.join(", ")),
    };
    asked(&format!(
        r#"
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: {{Name: team{policy}}}
  Theirs:
    Type: AWS::Events::EventBusPolicy
    Properties: {{EventBusName: !Ref Bus, StatementId: theirs, Action: "events:PutEvents", Principal: "111111111111"}}
  Rule:
    Type: AWS::Events::Rule
    DependsOn: [Bus, Theirs]
    Properties: {{EventBusName: {rule_on}, EventPattern: {{source: [me]}}}}
"#
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_has_the_statements_of_its_template_and_others_keep_theirs() {
    let (house, _guard) = House::running().await;
    let deploy = async |statements: &[(&str, &str)], rule_on: &str| {
        house.deploy(with_statements(statements, rule_on)).await.unwrap().stack.status
    };
    let (one, two, named) = (("", "222222222222"), ("", "333333333333"), ("named", "444444444444"));
    assert_eq!(deploy(&[one, named], "default").await, Status::CreateComplete);
    let first = ["- 222222222222", "named 444444444444", "theirs 111111111111"];
    assert_eq!(house.permissions().await, first);
    assert_eq!(deploy(&[two, ("named", "555555555555")], "nowhere").await, Status::UpdateRollbackComplete);
    assert_eq!(house.permissions().await, first, "as before");
    assert_eq!(deploy(&[], "nowhere").await, Status::UpdateRollbackComplete);
    assert_eq!(house.permissions().await, first, "as before");
    assert_eq!(deploy(&[two, ("named", "555555555555")], "default").await, Status::UpdateComplete);
    let second = ["- 333333333333", "named 555555555555", "theirs 111111111111"];
    assert_eq!(house.permissions().await, second);
    assert_eq!(deploy(&[], "default").await, Status::UpdateComplete);
    assert_eq!(house.permissions().await, ["theirs 111111111111"], "what it says no more is taken back");
    assert_eq!(deploy(&[one], "nowhere").await, Status::UpdateRollbackComplete);
    assert_eq!(house.permissions().await, ["theirs 111111111111"], "what was not done lets nobody in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_template_says_no_more_is_taken_off_connections() {
    const FULL: &str = r#"
Resources:
  Login:
    Type: AWS::Events::Connection
    Properties:
      Name: login
      Description: the login
      AuthorizationType: API_KEY
      AuthParameters:
        ApiKeyAuthParameters: {ApiKeyName: X-Key, ApiKeyValue: s3cret}
        InvocationHttpParameters: {HeaderParameters: [{Key: X-Team, Value: ml}]}
  Hook:
    Type: AWS::Events::ApiDestination
    Properties:
      Name: hook
      Description: the hook
      InvocationRateLimitPerSecond: 20
      ConnectionArn: !GetAtt Login.Arn
      InvocationEndpoint: https://example.com/hook
      HttpMethod: POST
"#;
    let (house, _guard) = House::running().await;
    let seen = async || {
        let connections = &house.there.connections;
        let login = connections.describe(&house.scope, "login").await.unwrap();
        let hook = connections.describe_destination(&house.scope, "hook").await.unwrap();
        let more = login.shown.get("InvocationHttpParameters").is_some();
        (login.description, more, hook.description, hook.per_second)
    };
    house.deploy(asked(FULL)).await.unwrap();
    let said = |text: &str| Some(text.to_owned());
    assert_eq!(seen().await, (said("the login"), true, said("the hook"), 20));
    let gone = |line: &&str| {
        !["Description:", "InvocationHttpParameters", "PerSecond"].iter().any(|word| line.contains(word))
    };
    let less: Vec<_> = FULL.lines().filter(gone).collect();
    let status = house.deploy(asked(&less.join("\n"))).await.unwrap().stack.status;
    assert_eq!((status, seen().await), (Status::UpdateComplete, (None, false, None, 300)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_a_policy_names_no_more_has_none() {
    const QUEUES: &str = r#"
Resources:
  One: {Type: AWS::SQS::Queue, Properties: {QueueName: one}}
  Two: {Type: AWS::SQS::Queue, Properties: {QueueName: two}}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref One, !Ref Two]
      PolicyDocument: {Statement: {Effect: Allow, Principal: {AWS: "111111111111"}, Action: "sqs:SendMessage", Resource: "*"}}
"#;
    let (house, _guard) = House::running().await;
    let policies = async || {
        let by = Caller::principal(&house.by);
        let has = async |name: &str| {
            let name = QueueName { scope: house.scope.clone(), name: name.to_owned() };
            let queue = house.there.queues.describe(&by, &name, "sqs:GetQueueAttributes").await.unwrap();
            queue.settings.policy.is_some()
        };
        (has("one").await, has("two").await)
    };
    house.deploy(asked(QUEUES)).await.unwrap();
    assert_eq!(policies().await, (true, true));
    house.deploy(asked(&QUEUES.replace("[!Ref One, !Ref Two]", "[!Ref One]"))).await.unwrap();
    assert_eq!(policies().await, (true, false));
}
