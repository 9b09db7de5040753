//! Amazon Elastic Container Registry: the API beside the registry itself ([`crate::oci`]).

mod batch_delete_image;
mod batch_get_image;
mod create_repository;
mod delete_repository;
mod describe_images;
mod describe_repositories;
mod get_authorization_token;
mod list_images;
mod shapes;

use crate::{Protocol, Service, operation};

/// The service.
pub static SERVICE: Service = Service {
    signing: "ecr",
    sdk: "Ecr",
    protocol: Protocol::Json {
        version: "1.1",
        target: "AmazonEC2ContainerRegistry_V20150921",
        pascal: false,
    },
    invalid: "InvalidParameterException",
    times: &["createdAt", "expiresAt", "imagePushedAt", "lastRecordedPullTime"],
    maps: &[],
    texts: &[],
    errors: &[
        "ImageNotFoundException",
        "ImageTagAlreadyExistsException",
        "InvalidParameterException",
        "InvalidTagParameterException",
        "LayersNotFoundException",
        "RepositoryAlreadyExistsException",
        "RepositoryNotEmptyException",
        "RepositoryNotFoundException",
        "ServerException",
        "UploadNotFoundException",
        "ValidationException",
    ],
    operations: &[
        operation!(BatchDeleteImage => batch_delete_image::run),
        operation!(BatchGetImage => batch_get_image::run),
        operation!(CreateRepository => create_repository::run),
        operation!(DeleteRepository => delete_repository::run),
        operation!(DescribeImages => describe_images::run),
        operation!(DescribeRepositories => describe_repositories::run),
        operation!(GetAuthorizationToken => get_authorization_token::run),
        operation!(ListImages => list_images::run),
    ],
};
