//! Operations on buckets.

use s3s::{
    S3Error, S3ErrorCode, S3Request, S3Response, S3Result,
    dto::{
        Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
        DeleteBucketOutput, EventBridgeConfiguration, GetBucketLocationInput, GetBucketLocationOutput,
        GetBucketNotificationConfigurationInput, GetBucketNotificationConfigurationOutput,
        GetBucketVersioningInput, GetBucketVersioningOutput, HeadBucketInput, HeadBucketOutput,
        ListBucketsInput, ListBucketsOutput, NotificationConfiguration,
        PutBucketNotificationConfigurationInput, PutBucketNotificationConfigurationOutput,
    },
};
use trainyard_domain::Scope;
use trainyard_services::artifacts::{Artifacts, Error};

use super::{access::caller, error, shape};

/// The region that S3 says nothing of.
const FIRST_REGION: &str = "us-east-1";

pub(super) async fn create(
    artifacts: &Artifacts,
    request: S3Request<CreateBucketInput>,
) -> S3Result<S3Response<CreateBucketOutput>> {
    let caller = caller(&request)?;
    let input = request.input;
    let stated =
        input.create_bucket_configuration.and_then(|configuration| configuration.location_constraint);
    let region = match &stated {
        None => caller.region.clone(),
        Some(stated) => stated.as_str().parse().map_err(|_| {
            S3Error::with_message(
                S3ErrorCode::InvalidLocationConstraint,
                "The specified location-constraint is not valid",
            )
        })?,
    };
    let owner = Scope { region, ..caller.scope() };
    match artifacts.create_bucket(&owner, &input.bucket).await {
        Ok(_) => {}
        // In its first region S3 lets one make a bucket again.
        Err(Error::BucketYours) if owner.region.as_str() == FIRST_REGION => {}
        Err(refused) => return Err(error::of(refused)),
    }
    Ok(S3Response::new(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) }))
}

pub(super) async fn delete(
    artifacts: &Artifacts,
    request: S3Request<DeleteBucketInput>,
) -> S3Result<S3Response<DeleteBucketOutput>> {
    let account = caller(&request)?.principal.account;
    artifacts.delete_bucket(&account, &request.input.bucket).await.map_err(error::of)?;
    Ok(S3Response::new(DeleteBucketOutput {}))
}

pub(super) async fn head(
    artifacts: &Artifacts,
    request: S3Request<HeadBucketInput>,
) -> S3Result<S3Response<HeadBucketOutput>> {
    let account = caller(&request)?.principal.account;
    let bucket = artifacts.bucket(&account, &request.input.bucket).await.map_err(error::of)?;
    let bucket_region = Some(bucket.owner.region.to_string());
    Ok(S3Response::new(HeadBucketOutput { bucket_region, ..HeadBucketOutput::default() }))
}

pub(super) async fn location(
    artifacts: &Artifacts,
    request: S3Request<GetBucketLocationInput>,
) -> S3Result<S3Response<GetBucketLocationOutput>> {
    let account = caller(&request)?.principal.account;
    let bucket = artifacts.bucket(&account, &request.input.bucket).await.map_err(error::of)?;
    let region = bucket.owner.region.to_string();
    let location_constraint = (region != FIRST_REGION).then(|| BucketLocationConstraint::from(region));
    Ok(S3Response::new(GetBucketLocationOutput { location_constraint }))
}

/// Buckets have no versions: the answer is the one of a bucket that never had.
pub(super) async fn versioning(
    artifacts: &Artifacts,
    request: S3Request<GetBucketVersioningInput>,
) -> S3Result<S3Response<GetBucketVersioningOutput>> {
    let account = caller(&request)?.principal.account;
    artifacts.bucket(&account, &request.input.bucket).await.map_err(error::of)?;
    Ok(S3Response::new(GetBucketVersioningOutput::default()))
}

pub(super) async fn list(
    artifacts: &Artifacts,
    request: S3Request<ListBucketsInput>,
) -> S3Result<S3Response<ListBucketsOutput>> {
    let principal = caller(&request)?.principal;
    let input = request.input;
    let limit = match input.max_buckets.unwrap_or(10_000) {
        limit @ 1..=10_000 => usize::try_from(limit).unwrap_or(1),
        _ => return Err(error::invalid("max-buckets must be from 1 to 10000")),
    };
    let prefix = input.prefix.clone().unwrap_or_default();
    let page = artifacts
        .buckets(&principal.account, &prefix, limit, input.continuation_token)
        .await
        .map_err(error::of)?;
    let wanted = |region: &str| input.bucket_region.as_deref().is_none_or(|wanted| wanted == region);
    let buckets = page.items.into_iter().map(|held| held.value).filter(|b| wanted(b.owner.region.as_str()));
    let buckets = buckets.map(|bucket| Bucket {
        bucket_region: Some(bucket.owner.region.to_string()),
        creation_date: Some(shape::time(bucket.created)),
        name: Some(bucket.name),
    });
    Ok(S3Response::new(ListBucketsOutput {
        buckets: Some(buckets.collect()),
        continuation_token: page.next,
        owner: Some(shape::owner(&principal)),
        prefix: input.prefix,
    }))
}

/// EventBridge is told of objects; other receivers are refused by name.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html>
pub(super) async fn put_notification(
    artifacts: &Artifacts,
    request: S3Request<PutBucketNotificationConfigurationInput>,
) -> S3Result<S3Response<PutBucketNotificationConfigurationOutput>> {
    let account = caller(&request)?.principal.account;
    let PutBucketNotificationConfigurationInput { bucket, notification_configuration: asked, .. } =
        request.input;
    let NotificationConfiguration {
        event_bridge_configuration,
        lambda_function_configurations: lambdas,
        queue_configurations: queues,
        topic_configurations: topics,
    } = asked;
    let others = [
        ("LambdaFunctionConfigurations", lambdas.is_some_and(|list| !list.is_empty())),
        ("QueueConfigurations", queues.is_some_and(|list| !list.is_empty())),
        ("TopicConfigurations", topics.is_some_and(|list| !list.is_empty())),
    ];
    if let Some((name, _)) = others.iter().find(|(_, there)| *there) {
        let message = format!(
            "{name} is not supported here: use EventBridgeConfiguration, and a rule that sends \
             the events on"
        );
        return Err(S3Error::with_message(S3ErrorCode::NotImplemented, message));
    }
    let tells = event_bridge_configuration.is_some();
    artifacts.tell_of(&account, &bucket, tells).await.map_err(error::of)?;
    Ok(S3Response::new(PutBucketNotificationConfigurationOutput {}))
}

pub(super) async fn notification(
    artifacts: &Artifacts,
    request: S3Request<GetBucketNotificationConfigurationInput>,
) -> S3Result<S3Response<GetBucketNotificationConfigurationOutput>> {
    let account = caller(&request)?.principal.account;
    let bucket = artifacts.bucket(&account, &request.input.bucket).await.map_err(error::of)?;
    let event_bridge_configuration = bucket.tells.then(EventBridgeConfiguration::default);
    let output = GetBucketNotificationConfigurationOutput::default();
    Ok(S3Response::new(GetBucketNotificationConfigurationOutput { event_bridge_configuration, ..output }))
}
