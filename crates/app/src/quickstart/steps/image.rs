//! 3: the image that the build pushed.

use super::{Round, begun};
use crate::{
    failure::Failure,
    quickstart::git::short,
    remote::images::{self, Image},
    screen::Step,
};

/// Finds the image that is tagged with the commit.
pub(super) async fn find(round: &Round<'_>, commit: &str) -> Result<Image, Failure> {
    let step = Step::begin(" 3 image");
    let repository = &round.names.project;
    let missing = || {
        let tag = short(commit);
        Failure::failed(format!("the build has pushed no image {repository}:{tag}"))
            .hint(round.command(&format!("logs {repository}")))
    };
    let image = begun(async || images::by_tag(round.client(), repository, commit).await, missing).await?;
    let size = image.image_size_in_bytes.map_or_else(String::new, |bytes| format!(", {}", size(bytes)));
    let digest = short_digest(&image.image_digest);
    step.done(format!("{repository}:{} is {digest}{size}", short(commit)));
    Ok(image)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..100_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// A digest as people write it.
pub(super) fn short_digest(digest: &str) -> &str {
    digest.get(..19).unwrap_or(digest)
}
