//! Where a version comes from: read off the image, the model's object and the job that made it.

use trainyard_domain::{Principal, Scope};

use super::{package::Source, request::Container, room::Registry};
use crate::jobs::S3Uri;

impl Registry {
    /// What is known of the version's origin. What cannot be read is unknown, and that is no failure: the image and
    /// the model may be somebody else's.
    pub(super) async fn source(
        &self,
        who: &Principal,
        scope: &Scope,
        container: Option<&Container>,
    ) -> Source {
        let mut source = Source { execution: who.lineage.execution.clone(), ..Source::default() };
        let Some(container) = container else { return source };
        if let Ok(image) = self.images.resolve(&container.image, scope).await {
            source.image = Some(image.digest.to_string());
        }
        if let Ok(lineage) = self.images.lineage(&container.image, scope).await {
            source.commit = lineage.commit;
            source.repository = lineage.repository;
        }
        let uri = container.model_data_url.clone().and_then(|url| S3Uri::try_from(url).ok());
        if let Some(uri) = uri
            && let Ok(object) = self.artifacts.stat(&scope.account, &uri.place()).await
        {
            source.model = Some(object.digest);
            source.job = object.lineage.job;
        }
        if let Some(arn) = &source.job
            && let Ok(Some(job)) = self.jobs.by_arn(arn).await
        {
            source.data = job.inputs;
        }
        source
    }
}
