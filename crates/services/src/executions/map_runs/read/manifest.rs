//! Lists of objects that hold the items.

use serde::Deserialize;

/// The manifest of an S3 inventory.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html>
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Inventory {
    destination_bucket: String,
    file_format: String,
    #[serde(default)]
    file_schema: String,
    files: Vec<File>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct File {
    key: String,
}

impl Inventory {
    /// Reads it; only lists in CSV are read.
    pub(in super::super) fn parse(text: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(text)
            .map_err(|error| format!("The object is not the manifest of an S3 inventory: {error}"))?;
        if manifest.file_format != "CSV" {
            let format = manifest.file_format;
            return Err(format!("The files of the inventory are {format}: only CSV can be read here."));
        }
        Ok(manifest)
    }

    /// The bucket with the list's files.
    pub(in super::super) fn bucket(&self) -> &str {
        self.destination_bucket.strip_prefix("arn:aws:s3:::").unwrap_or(&self.destination_bucket)
    }

    /// The names of the columns.
    pub(in super::super) fn columns(&self) -> Vec<String> {
        self.file_schema.split(',').map(|name| name.trim().to_owned()).collect()
    }

    /// The files' keys.
    pub(in super::super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.key.as_str())
    }
}

/// The objects that Athena has listed: one `s3://bucket/key` a line.
/// <https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html>
pub(in super::super) fn athena_places(text: &[u8]) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "The manifest is not UTF-8.".to_owned())?;
    let lines = text.lines().map(|line| line.trim().trim_matches('"'));
    Ok(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
