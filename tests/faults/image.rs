//! The image that the jobs run: a shell script that writes its name into a ledger and syncs it.

use std::{fs, path::Path, process::Command};

use serde_json::json;

use crate::{Outcome, client::Client};

pub(crate) const NAME: &str = "ledger:v1";
const PROGRAM: &str = "echo \"$NAME\" >> \"$LEDGER\" && sync \"$LEDGER\"\n";

/// Builds the image and pushes it to the server.
pub(crate) fn push(binary: &Path, home: &Path, client: Client) -> Outcome {
    let program = home.join("program");
    fs::create_dir_all(&program)?;
    fs::write(program.join("note.sh"), PROGRAM)?;
    let made = client.registry("CreateRepository", &json!({"repositoryName": "ledger"}))?;
    if !made.is_ok() {
        return Err(format!("the repository is not made: {}", made.text()).into());
    }
    let app = format!("{}:/opt/program", program.display());
    let tag = format!("{}.dkr.ecr.{}.amazonaws.com/{NAME}", crate::client::ACCOUNT, crate::client::REGION);
    let build = ["image", "build", "--tag", &tag, "--app", &app, "--entrypoint", "sh /opt/program/note.sh"];
    for arguments in [&build[..], &["image", "push", &tag]] {
        let mut command = Command::new(binary);
        command.args(arguments).env("TRAINYARD_IMAGES", home.join("images")).envs(keys(home)?);
        command
            .env("AWS_ENDPOINT_URL", format!("http://{}", client.address))
            .env("AWS_REGION", crate::client::REGION);
        let done = command.output()?;
        if !done.status.success() {
            return Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&done.stderr)).into());
        }
    }
    Ok(())
}

/// The first key, as the server has left it in its directory.
fn keys(home: &Path) -> Outcome<Vec<(String, String)>> {
    let text = fs::read_to_string(home.join("data/credentials"))?;
    let pairs = text.lines().filter_map(|line| line.split_once(" = "));
    Ok(pairs.map(|(name, value)| (name.to_uppercase(), value.to_owned())).collect())
}
