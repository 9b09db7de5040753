//! What can go wrong with images.

use trainyard_domain::{Kind, content::Digest, ports::DriverError};

use super::names::{NAME_PATTERN, TAG_PATTERN};
use crate::refusal::{Refusal, store_code};

/// Why something with images was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such repository. AWS's wording.
    #[error("The repository with name '{name}' does not exist in the registry with id '{registry}'")]
    NoRepository {
        /// Its name.
        name: String,
        /// The account.
        registry: String,
    },
    /// There is one already. AWS's wording.
    #[error("The repository with name '{name}' already exists in the registry with id '{registry}'")]
    RepositoryExists {
        /// Its name.
        name: String,
        /// The account.
        registry: String,
    },
    /// It holds images and is not to be deleted by force. AWS's wording.
    #[error(
        "The repository with name '{name}' in registry with id '{registry}' cannot be deleted because it still contains images"
    )]
    RepositoryNotEmpty {
        /// Its name.
        name: String,
        /// The account.
        registry: String,
    },
    /// No repository can have this name. AWS's wording.
    #[error(
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '{NAME_PATTERN}''"
    )]
    BadName(String),
    /// No image can have this tag.
    #[error("`{0}` is not a tag: it must match {TAG_PATTERN}")]
    BadTag(String),
    /// Neither a tag nor a digest that we take.
    #[error("{0}")]
    BadDigest(#[from] trainyard_domain::content::NotADigest),
    /// The repository has no such blob.
    #[error("repository `{repository}` has no blob {digest}")]
    NoBlob {
        /// Where it was looked for.
        repository: String,
        /// Which.
        digest: Digest,
    },
    /// The part asked for does not lie inside the blob.
    #[error("bytes {from}-{to} do not lie inside a blob of {size} bytes")]
    BadRange {
        /// The first.
        from: u64,
        /// The one after the last.
        to: u64,
        /// How many there are.
        size: u64,
    },
    /// There is no such upload, or no longer.
    #[error("repository `{repository}` has no upload `{id}`: start it again")]
    NoUpload {
        /// Where it was looked for.
        repository: String,
        /// Which.
        id: String,
    },
    /// The chunk does not begin where the last one ended.
    #[error("upload `{id}` goes on at byte {expected}, not at {got}")]
    OutOfOrder {
        /// The upload.
        id: String,
        /// Where it goes on.
        expected: u64,
        /// Where the chunk begins.
        got: u64,
    },
    /// The bytes are not those that the digest names. Nothing of the upload is kept.
    #[error("the bytes have digest {actual}, not {expected}: send them again")]
    OtherBytes {
        /// What was said.
        expected: Digest,
        /// What they are.
        actual: Digest,
    },
    /// More than we take.
    #[error("{what} may have at most {limit} bytes")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How many at most.
        limit: u64,
    },
    /// The caller's bytes broke off.
    #[error("the body broke off: {0}")]
    BrokenBody(String),
    /// There is no such image.
    #[error("repository `{repository}` has no image `{reference}`")]
    NoImage {
        /// Where it was looked for.
        repository: String,
        /// Tag or digest.
        reference: String,
    },
    /// The manifest makes no sense.
    #[error("the manifest is not valid: {0}")]
    BadManifest(String),
    /// The manifest refers to what the repository does not have.
    #[error("the manifest refers to {0}, which the repository does not have: push it first")]
    Dangling(Digest),
    /// The tag stands for another image and may not be moved. AWS's wording.
    #[error(
        "The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because the tag is immutable."
    )]
    TagImmutable {
        /// Where.
        repository: String,
        /// Which.
        tag: String,
    },
    /// An image still needs it.
    #[error("{digest} cannot be deleted: image {by} needs it")]
    InUse {
        /// What.
        digest: Digest,
        /// The manifest that refers to it.
        by: Digest,
    },
    /// An image that is not here.
    #[error(
        "image `{0}` is not in this registry: push it to <account>.dkr.ecr.<region>.amazonaws.com/<repository> here and name it so"
    )]
    Foreign(String),
    /// An image that is here but cannot be run.
    #[error("image `{reference}` cannot be run: {reason}")]
    NotRunnable {
        /// As it was asked for.
        reference: String,
        /// Why.
        reason: String,
    },
    /// The bytes' place has trouble.
    #[error("{0}")]
    Blobs(#[from] DriverError),
    /// The store has trouble.
    #[error("{0}")]
    Store(#[from] trainyard_store::Error),
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoRepository { .. }
            | Self::NoBlob { .. }
            | Self::NoUpload { .. }
            | Self::NoImage { .. }
            | Self::Foreign(_) => Kind::NotFound,
            Self::RepositoryExists { .. } => Kind::Exists,
            Self::RepositoryNotEmpty { .. } | Self::TagImmutable { .. } | Self::InUse { .. } => {
                Kind::Conflict
            }
            Self::BadName(_)
            | Self::BadTag(_)
            | Self::BadDigest(_)
            | Self::BadRange { .. }
            | Self::OutOfOrder { .. }
            | Self::OtherBytes { .. }
            | Self::TooLarge { .. }
            | Self::BrokenBody(_)
            | Self::BadManifest(_)
            | Self::Dangling(_)
            | Self::NotRunnable { .. } => Kind::Invalid,
            Self::Blobs(error) => error.kind,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoRepository { .. } => "RepositoryNotFoundException",
            Self::RepositoryExists { .. } => "RepositoryAlreadyExistsException",
            Self::RepositoryNotEmpty { .. } => "RepositoryNotEmptyException",
            Self::NoImage { .. } | Self::Foreign(_) => "ImageNotFoundException",
            Self::NoBlob { .. } | Self::Dangling(_) => "LayersNotFoundException",
            Self::NoUpload { .. } => "UploadNotFoundException",
            Self::OutOfOrder { .. } => "InvalidLayerPartException",
            Self::OtherBytes { .. } => "ImageDigestDoesNotMatchException",
            Self::TagImmutable { .. } => "ImageTagAlreadyExistsException",
            Self::InUse { .. } => "ImageReferencedByManifestList",
            Self::BadName(_)
            | Self::BadTag(_)
            | Self::BadDigest(_)
            | Self::BadRange { .. }
            | Self::TooLarge { .. }
            | Self::BrokenBody(_)
            | Self::BadManifest(_)
            | Self::NotRunnable { .. }
            | Self::Store(trainyard_store::Error::Invalid(_)) => "InvalidParameterException",
            Self::Blobs(_) => "ServerException",
            Self::Store(error) => store_code(error),
        }
    }
}
