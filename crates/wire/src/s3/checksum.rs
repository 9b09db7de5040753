//! Checksums that clients send: one table of the algorithms, and what was computed against what was said.

use http::HeaderMap;
use s3s::{
    S3Error, S3ErrorCode, S3Result,
    checksum::ChecksumHasher,
    dto::{self, ChecksumType},
};
use trainyard_domain::Kind;
use trainyard_services::artifacts::Checksum;

use super::error;

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// All of them.
pub(super) const ALL: [Algorithm; 5] =
    [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme, Algorithm::Sha1, Algorithm::Sha256];

impl Algorithm {
    /// As the API names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header or trailer that its value comes in.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    pub(super) fn named(name: &str) -> S3Result<Self> {
        ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or_else(|| {
            S3Error::with_message(
                S3ErrorCode::InvalidRequest,
                format!("`{name}` is not a checksum algorithm"),
            )
        })
    }

    fn of(self, sums: &dto::Checksum) -> Option<&String> {
        match self {
            Self::Crc32 => sums.checksum_crc32.as_ref(),
            Self::Crc32c => sums.checksum_crc32c.as_ref(),
            Self::Crc64Nvme => sums.checksum_crc64nvme.as_ref(),
            Self::Sha1 => sums.checksum_sha1.as_ref(),
            Self::Sha256 => sums.checksum_sha256.as_ref(),
        }
    }
}

/// What a client says that its body's checksums are.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(Vec<(Algorithm, Option<String>)>);

impl Claims {
    /// From the request's headers: values, and names of those that come after the body.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let trailer = text("x-amz-trailer").unwrap_or_default().to_ascii_lowercase();
        let announced =
            |algorithm: Algorithm| trailer.split(',').any(|name| name.trim() == algorithm.header());
        let claims = ALL.into_iter().filter_map(|algorithm| match text(algorithm.header()) {
            Some(value) => Some((algorithm, Some(value.to_owned()))),
            None => announced(algorithm).then_some((algorithm, None)),
        });
        Self(claims.collect())
    }

    /// Computes what was claimed.
    pub(super) fn hasher(&self) -> ChecksumHasher {
        let wanted: Vec<Algorithm> = self.0.iter().map(|(algorithm, _)| *algorithm).collect();
        hasher(&wanted)
    }

    /// Compares with what was computed. The one to keep, if any was claimed.
    pub(super) fn check(
        self,
        sums: &dto::Checksum,
        trailers: Option<&HeaderMap>,
    ) -> S3Result<Option<Checksum>> {
        let mut kept = None;
        for (algorithm, stated) in self.0 {
            let in_trailer = || trailers?.get(algorithm.header())?.to_str().ok().map(str::to_owned);
            let name = algorithm.name();
            let stated = stated.or_else(in_trailer).ok_or_else(|| {
                let message =
                    format!("the body has no trailer `{}`, which was announced", algorithm.header());
                error::named("MalformedTrailerError", Kind::Invalid, message)
            })?;
            let ours = algorithm.of(sums).cloned().unwrap_or_default();
            if ours != stated {
                let message = format!("The {name} you specified did not match the calculated checksum.");
                return Err(S3Error::with_message(S3ErrorCode::BadDigest, message));
            }
            kept = Some(Checksum { algorithm: name.to_owned(), value: ours, composite: false });
        }
        Ok(kept)
    }
}

/// A hasher for these algorithms.
pub(super) fn hasher(wanted: &[Algorithm]) -> ChecksumHasher {
    let has = |algorithm| wanted.contains(&algorithm);
    ChecksumHasher {
        crc32: has(Algorithm::Crc32).then(s3s::crypto::Checksum::new),
        crc32c: has(Algorithm::Crc32c).then(s3s::crypto::Checksum::new),
        crc64nvme: has(Algorithm::Crc64Nvme).then(s3s::crypto::Checksum::new),
        sha1: has(Algorithm::Sha1).then(s3s::crypto::Checksum::new),
        sha256: has(Algorithm::Sha256).then(s3s::crypto::Checksum::new),
    }
}

/// The value of one algorithm over these bytes, in Base64.
pub(super) fn of_bytes(algorithm: Algorithm, bytes: &[u8]) -> String {
    let mut hasher = hasher(&[algorithm]);
    hasher.update(bytes);
    algorithm.of(&hasher.finalize()).cloned().unwrap_or_default()
}

/// A checksum as answers have it: the member of its algorithm.
pub(super) fn shown(checksum: Option<&Checksum>) -> dto::Checksum {
    let mut sums = dto::Checksum::default();
    let Some(checksum) = checksum else { return sums };
    let value = Some(checksum.value.clone());
    match Algorithm::named(&checksum.algorithm) {
        Ok(Algorithm::Crc32) => sums.checksum_crc32 = value,
        Ok(Algorithm::Crc32c) => sums.checksum_crc32c = value,
        Ok(Algorithm::Crc64Nvme) => sums.checksum_crc64nvme = value,
        Ok(Algorithm::Sha1) => sums.checksum_sha1 = value,
        Ok(Algorithm::Sha256) => sums.checksum_sha256 = value,
        Err(_) => {}
    }
    sums.checksum_type = Some(kind(checksum.composite));
    sums
}

/// Whether it is made of the parts', as the API names it.
pub(super) fn kind(composite: bool) -> ChecksumType {
    let name = if composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
    ChecksumType::from_static(name)
}
