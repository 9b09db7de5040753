//! What a request must keep to. Pure.

use trainyard_domain::{Arn, Scope, Timestamp};

use super::{Error, Mode, ScheduleSpec, Tag, Target, call, decide::Times, error::constraint};

/// A start may be so long ago, in milliseconds.
const LATE_START: i64 = 5 * 60 * 1000;

/// The rules for the names of schedules and groups, and for client tokens.
pub(super) fn name(text: &str, member: &str) -> Result<(), Error> {
    sized(text, member, 1, 64)?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if text.bytes().all(legal) {
        return Ok(());
    }
    Err(constraint(text, member, "satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$"))
}

fn sized(text: &str, member: &str, min: usize, max: usize) -> Result<(), Error> {
    let length = text.chars().count();
    if length < min {
        return Err(constraint(text, member, &format!("have length greater than or equal to {min}")));
    }
    if length > max {
        return Err(constraint(text, member, &format!("have length less than or equal to {max}")));
    }
    Ok(())
}

fn ranged(number: Option<u32>, member: &str, min: u32, max: u32) -> Result<(), Error> {
    match number {
        Some(number) if number < min => {
            Err(constraint(number, member, &format!("have value greater than or equal to {min}")))
        }
        Some(number) if number > max => {
            Err(constraint(number, member, &format!("have value less than or equal to {max}")))
        }
        _ => Ok(()),
    }
}

impl ScheduleSpec {
    /// Checks all that can be said without knowing what else there is, or what time it is.
    pub fn check(&self, scope: &Scope) -> Result<(), Error> {
        spec(self, scope, Timestamp(0))
    }
}

/// All that can be said of a schedule without knowing what else there is.
pub(super) fn spec(spec: &ScheduleSpec, scope: &Scope, now: Timestamp) -> Result<(), Error> {
    name(&spec.name, "name")?;
    spec.group_name.as_deref().map_or(Ok(()), |group| name(group, "groupName"))?;
    spec.client_token.as_deref().map_or(Ok(()), |token| name(token, "clientToken"))?;
    sized(&spec.schedule_expression, "scheduleExpression", 1, 256)?;
    let optional = |text: &Option<String>, member, min, max| {
        text.as_deref().map_or(Ok(()), |text| sized(text, member, min, max))
    };
    optional(&spec.schedule_expression_timezone, "scheduleExpressionTimezone", 1, 50)?;
    optional(&spec.description, "description", 0, 512)?;
    optional(&spec.kms_key_arn, "kmsKeyArn", 1, 2048)?;
    if let Some(key) = &spec.kms_key_arn {
        key_arn(key)?;
    }
    let window = spec.flexible_time_window;
    ranged(window.maximum_window_in_minutes, "flexibleTimeWindow.maximumWindowInMinutes", 1, 1440)?;
    if window.mode == Mode::Flexible && window.maximum_window_in_minutes.is_none() {
        let words =
            "MaximumWindowInMinutes must be specified when the flexible time window mode is FLEXIBLE.";
        return Err(Error::Invalid(words.to_owned()));
    }
    Times::read(spec, now)?;
    target(&spec.target, scope)?;
    dates(spec, now)
}

fn dates(spec: &ScheduleSpec, now: Timestamp) -> Result<(), Error> {
    if spec.schedule_expression.starts_with("at(") {
        return Ok(());
    }
    let refused = |words: &str| Err(Error::Invalid(words.to_owned()));
    if spec.start_date.is_some_and(|start| start.millis() < now.millis().saturating_sub(LATE_START)) {
        return refused("The StartDate you specify cannot be earlier than 5 minutes ago.");
    }
    if spec.end_date.is_some_and(|end| end < now) {
        return refused("The EndDate you specify cannot be in the past.");
    }
    match (spec.start_date, spec.end_date) {
        (Some(start), Some(end)) if end <= start => {
            refused("The EndDate you specify must be after the StartDate.")
        }
        _ => Ok(()),
    }
}

fn key_arn(text: &str) -> Result<(), Error> {
    let arn: Option<Arn> = text.parse().ok();
    let key = |arn: &Arn| {
        arn.service == "kms"
            && ["key", "alias"].iter().any(|kind| arn.resource.starts_with(&format!("{kind}/")))
    };
    if arn.is_some_and(|arn| key(&arn)) {
        return Ok(());
    }
    let pattern = r"^arn:aws[a-z-]*:kms:[a-z0-9\-]+:\d{12}:(key|alias)\/[0-9a-zA-Z-_]*$";
    Err(constraint(text, "kmsKeyArn", &format!("satisfy regular expression pattern: {pattern}")))
}

/// All that can be said of a target without knowing what else there is.
fn target(target: &Target, scope: &Scope) -> Result<(), Error> {
    sized(&target.arn, "target.arn", 1, 1600)?;
    sized(&target.role_arn, "target.roleArn", 1, 1600)?;
    role(&target.role_arn, scope)?;
    if target.input.as_ref().is_some_and(String::is_empty) {
        return Err(constraint("", "target.input", "have length greater than or equal to 1"));
    }
    let retries = target.retries();
    let age = "target.retryPolicy.maximumEventAgeInSeconds";
    ranged(retries.maximum_event_age_in_seconds, age, 60, 86_400)?;
    ranged(retries.maximum_retry_attempts, "target.retryPolicy.maximumRetryAttempts", 0, 185)?;
    if let Some(queue) = target.dead_letter_config.as_ref().and_then(|of| of.arn.as_ref()) {
        dead_letters(queue)?;
    }
    for (name, given) in
        [("EcsParameters", &target.ecs_parameters), ("KinesisParameters", &target.kinesis_parameters)]
    {
        if given.is_some() {
            return Err(Error::Invalid(format!(
                "{name}: a target of this kind cannot be started by this server."
            )));
        }
    }
    let kind = call::Kind::of(target, scope).map_err(Error::Invalid)?;
    parameters(target, &kind)
}

/// Parameters belong to one kind of target each.
fn parameters(target: &Target, kind: &call::Kind) -> Result<(), Error> {
    let given = [
        (
            "EventBridgeParameters",
            target.event_bridge_parameters.is_some(),
            matches!(kind, call::Kind::EventBus(_)),
        ),
        (
            "SageMakerPipelineParameters",
            target.sage_maker_pipeline_parameters.is_some(),
            matches!(kind, call::Kind::Pipeline(_)),
        ),
        ("SqsParameters", target.sqs_parameters.is_some(), matches!(kind, call::Kind::Queue(_))),
    ];
    for (name, given, fits) in given {
        if given && !fits {
            return Err(Error::Invalid(format!("{name} cannot be given for target {}.", target.arn)));
        }
    }
    let refused = |words: String| Err(Error::Invalid(words));
    match kind {
        call::Kind::EventBus(arn) => match &target.event_bridge_parameters {
            None => refused(format!("EventBridgeParameters is required for target {arn}.")),
            Some(of) if of.source.starts_with("aws.") => {
                refused("EventBridgeParameters: a Source that begins with aws. is AWS's own.".to_owned())
            }
            Some(_) => Ok(()),
        },
        call::Kind::Queue(arn) if arn.resource.ends_with(".fifo") => {
            let group = target.sqs_parameters.as_ref().and_then(|of| of.message_group_id.as_ref());
            match group {
                Some(_) => Ok(()),
                None => {
                    refused(format!("SqsParameters.MessageGroupId is required for the FIFO queue {arn}."))
                }
            }
        }
        _ => Ok(()),
    }
}

fn role(text: &str, scope: &Scope) -> Result<(), Error> {
    let arn: Option<Arn> = text.parse().ok();
    match arn
        .filter(|arn| arn.service == "iam" && arn.resource_of("role").is_some_and(|name| !name.is_empty()))
    {
        Some(arn) if arn.account != scope.account.as_str() => {
            Err(Error::Invalid("Cross-account pass role is not allowed.".to_owned()))
        }
        Some(_) => Ok(()),
        None => {
            let pattern = r"^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@\/-]+$";
            let rule = format!("satisfy regular expression pattern: {pattern}");
            Err(constraint(text, "target.roleArn", &rule))
        }
    }
}

fn dead_letters(text: &str) -> Result<(), Error> {
    let arn: Option<Arn> = text.parse().ok();
    let name = |arn: &Arn| arn.resource.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if arn.is_some_and(|arn| arn.service == "sqs" && arn.scope().is_some() && name(&arn)) {
        return Ok(());
    }
    // FIFO queues have a dot in their names: AWS refuses them by this pattern.
    let pattern = r"^arn:aws[a-z-]*:sqs:[a-z0-9\-]+:\d{12}:[a-zA-Z0-9\-_]+$";
    Err(constraint(
        text,
        "target.deadLetterConfig.arn",
        &format!("satisfy regular expression pattern: {pattern}"),
    ))
}

/// The tags of a group.
pub(super) fn tags(tags: &[Tag]) -> Result<(), Error> {
    if tags.len() > 200 {
        return Err(constraint("<tags>", "tags", "have length less than or equal to 200"));
    }
    tags.iter().try_for_each(|tag| {
        sized(&tag.key, "tags.member.key", 1, 128)?;
        sized(&tag.value, "tags.member.value", 1, 256)
    })
}
