//! `trainyard deploy`: deploys a template as `sam deploy` would, by the same `samconfig.toml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use trainyard_lang::{
    lint,
    samconfig::{DEFAULT_ENVIRONMENT, SamConfig, parse_overrides},
    source::{Diagnostic, Severity, in_file},
    template::Template,
};

use crate::{
    client::{Client, ClientError, outlast},
    connect::ConnectArgs,
    failure::{Exit, Failure},
    printer,
    remote::stacks::{self, Change, Deployed, Deployment},
    table::Output,
    verdict::VerdictArgs,
};

/// How often a look is taken whether another deployment has ended.
const LOOK: Duration = Duration::from_millis(250);

/// Flags of `trainyard deploy`.
#[derive(Args)]
pub(crate) struct DeployArgs {
    /// The template [default: what samconfig.toml says, else template.yaml]
    #[arg(short, long, visible_alias = "template-file", value_name = "FILE")]
    template: Option<PathBuf>,
    /// The configuration [default: samconfig.toml, if there]
    #[arg(long, visible_alias = "config-file", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Which environment of the configuration
    #[arg(long, value_name = "NAME", default_value = DEFAULT_ENVIRONMENT)]
    config_env: String,
    /// The stack [default: what samconfig.toml says]
    #[arg(long, value_name = "NAME")]
    stack_name: Option<String>,
    /// Values of the template's parameters, as Name=value; those of the configuration that are not named here count too
    #[arg(long, value_name = "NAME=VALUE", num_args = 1..)]
    parameter_overrides: Vec<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    verdict: VerdictArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Deploys, and says what was done.
pub(crate) async fn run(args: DeployArgs) -> Result<(), Failure> {
    let config = configuration(&args)?;
    let deployment = deployment(&args, &config)?;
    let mut client = args.connect.client()?;
    if let Some(region) = &config.region {
        client = client.in_region(region);
    }
    let deployed = outlast(|| deploy(&client, &deployment)).await?;
    match args.verdict.output {
        Output::Json => printer::result(serde_json::json!(deployed)),
        Output::Table => printer::result(shown(&deployed, args.dry_run)),
    }
    ended(&deployed, &args, config.fail_on_empty_changeset == Some(true))
}

/// Deploys, after whatever deployment of the stack is going on: somebody else's, or our own where its answer was lost.
async fn deploy(client: &Client, deployment: &Deployment) -> Result<Deployed, Failure> {
    let mut told = false;
    loop {
        match stacks::deploy(client, deployment).await {
            Err(ClientError::Refused { code, .. }) if code == "ConflictException" => {}
            done => return done.map_err(|error| refused(error, deployment)),
        }
        if !told {
            printer::talk(format_args!(
                "stack {} is being deployed: waiting for that",
                deployment.stack_name
            ));
            told = true;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// How the command ends, once the server has answered.
fn ended(deployed: &Deployed, args: &DeployArgs, must_change: bool) -> Result<(), Failure> {
    let stack = &deployed.stack_name;
    let nothing = deployed.changes.is_empty();
    if !args.dry_run && !matches!(deployed.status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE") {
        let reason = deployed.status_reason.as_deref().unwrap_or("see its events");
        let words = format!("stack {stack} is {}: {reason}", deployed.status);
        return Err(Failure::failed(words).hint("trainyard deploy    # when that is put right"));
    }
    if nothing && must_change {
        let words = format!("stack {stack} is up to date, and fail_on_empty_changeset is set");
        return Err(Failure::failed(words));
    }
    if args.verdict.detailed_exitcode && !nothing {
        return Err(Failure::new(Exit::Changed, format!("stack {stack} differs from the template")));
    }
    Ok(())
}

/// The result, for a person: the sum first, then a line for each resource, then what the stack tells.
fn shown(deployed: &Deployed, dry_run: bool) -> String {
    let Deployed { stack_name: stack, status, changes, outputs, .. } = deployed;
    if changes.is_empty() {
        return format!("no changes: stack {stack} is up to date");
    }
    let state = if dry_run { "would change" } else { status.as_str() };
    let mut lines = vec![format!("stack {stack}: {state} ({})", sum(changes))];
    let width =
        |text: fn(&Change) -> &str| changes.iter().map(|change| text(change).len()).max().unwrap_or(0);
    let (actions, types, ids) = (width(|c| &c.action), width(|c| &c.resource_type), width(|c| &c.logical_id));
    for Change { action, resource_type, logical_id, physical_id, failure } in changes {
        let end = failure.as_ref().map(|why| format!("  FAILED: {why}")).unwrap_or_default();
        let action = action.to_lowercase();
        lines.push(format!(
            "  {action:actions$}  {resource_type:types$}  {logical_id:ids$}  {physical_id}{end}"
        ));
    }
    lines.extend(outputs.iter().map(|output| format!("{} = {}", output.key, output.value)));
    lines.join("\n")
}

/// `3 created, 1 updated`.
fn sum(changes: &[Change]) -> String {
    let counted =
        [("Create", "created"), ("Update", "updated"), ("Replace", "replaced"), ("Delete", "deleted")]
            .map(|(action, done)| (changes.iter().filter(|change| change.action == action).count(), done));
    let parts = counted.iter().filter(|(count, _)| *count > 0).map(|(count, done)| format!("{count} {done}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// What is wrong with the template is one thing, what else the server says another.
fn refused(error: ClientError, deployment: &Deployment) -> Failure {
    match error {
        ClientError::Refused { ref code, message, .. } if code == "ValidationException" => {
            let mut lines: Vec<String> = message.lines().map(str::to_owned).collect();
            let own = faults_of_definitions(deployment);
            lines.extend(own.into_iter().filter(|line| !message.contains(line)));
            Failure::new(Exit::Invalid, format!("it cannot be deployed\n{}", lines.join("\n")))
        }
        error => error.into(),
    }
}

/// The server looks at the template first, and at a definition when it makes the state machine. A person wants to hear
/// of all that is wrong at once.
fn faults_of_definitions(deployment: &Deployment) -> Vec<String> {
    let beside = |name: &str| {
        let text = deployment.definitions.get(name).ok_or_else(|| "it is not deployed".to_owned());
        text.map(|text| text.clone().into_bytes())
    };
    let seen = lint::lint(&deployment.template_name, deployment.template_body.as_bytes(), &beside);
    let directory = Path::new(&deployment.template_name).parent().unwrap_or(Path::new(""));
    let definitions = seen.into_iter().skip(1).map(|one| (directory.join(&one.path), one.found));
    definitions.flat_map(|(path, found)| errors(found, &path)).collect()
}

/// What `samconfig.toml` says; nothing where there is none.
fn configuration(args: &DeployArgs) -> Result<SamConfig, Failure> {
    let path = args.config.clone().unwrap_or_else(|| PathBuf::from("samconfig.toml"));
    let bytes = match std::fs::read(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && args.config.is_none() => {
            return Ok(SamConfig::default());
        }
        read => read.map_err(|e| unreadable(&path, &e))?,
    };
    let config = SamConfig::parse(&bytes, &args.config_env).map_err(|found| invalid(found, &path))?;
    let unsupported = [
        ("role_arn", config.role_arn.is_some(), "the stack is changed in your own name"),
        ("tags", !config.tags.is_empty(), "tag the resources in the template"),
        (
            "disable_rollback",
            config.disable_rollback == Some(true),
            "a failed deployment is always taken back",
        ),
    ];
    for (key, given, instead) in unsupported {
        if given {
            return Err(Failure::usage(format!("{}: `{key}` is not supported: {instead}", path.display())));
        }
    }
    Ok(config)
}

/// The template, its files and its parameters, from where flags and configuration say.
fn deployment(args: &DeployArgs, config: &SamConfig) -> Result<Deployment, Failure> {
    let path = template(args, config);
    let bytes = std::fs::read(&path).map_err(|e| {
        unreadable(&path, &e).hint("trainyard deploy --template FILE    # for a template of another name")
    })?;
    // What is wrong with it the server says, with what it alone knows: the types of resources.
    let draft = Template::draft(&bytes).map_err(|found| invalid(found, &path))?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let (mut definitions, mut found) = (BTreeMap::new(), Vec::new());
    for file in draft.definition_files() {
        match std::fs::read_to_string(directory.join(&file.path)) {
            Ok(text) => drop(definitions.insert(file.path, text)),
            Err(e) => found.push(Diagnostic::error(format!("{}: {e}", file.path)).at(file.position)),
        }
    }
    if !found.is_empty() {
        found.extend_from_slice(draft.faults());
        found.sort_by_key(|one| one.position);
        return Err(invalid(found, &path));
    }
    let mut parameters = config.parameter_overrides.clone();
    parameters.extend(overrides(&args.parameter_overrides)?);
    let stack = args.stack_name.clone().or_else(|| config.stack_name.clone());
    Ok(Deployment {
        stack_name: stack.ok_or_else(|| {
            Failure::usage("no stack is named")
                .hint("trainyard deploy --stack-name NAME    # or stack_name in samconfig.toml")
        })?,
        template_body: String::from_utf8_lossy(&bytes).into_owned(),
        template_name: path.display().to_string(),
        definitions,
        parameters,
        dry_run: args.dry_run,
    })
}

/// The template's path: the configuration's is relative to the configuration.
fn template(args: &DeployArgs, config: &SamConfig) -> PathBuf {
    let beside = args.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let named = args.template.clone().or_else(|| config.template_file.as_ref().map(|file| beside.join(file)));
    let usual = || {
        ["template.yaml", "template.yml", "template.json"].map(PathBuf::from).into_iter().find(|p| p.exists())
    };
    named.or_else(usual).unwrap_or_else(|| PathBuf::from("template.yaml"))
}

/// The shell has split them already, or has not: one text may hold several pairs, as SAM takes them.
fn overrides(texts: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut all = BTreeMap::new();
    for text in texts {
        let whole = || text.split_once('=').map(|(name, value)| vec![(name.to_owned(), value.to_owned())]);
        let pairs = parse_overrides(text).ok().or_else(whole);
        let words =
            "--parameter-overrides: each pair is Name=value, with quotes around a value that has blanks";
        all.extend(pairs.ok_or_else(|| Failure::usage(words))?);
    }
    Ok(all)
}

fn invalid(found: Vec<Diagnostic>, path: &Path) -> Failure {
    Failure::new(Exit::Invalid, format!("it cannot be deployed\n{}", errors(found, path).join("\n")))
}

/// A line for each error.
fn errors(found: Vec<Diagnostic>, path: &Path) -> Vec<String> {
    let errors = found.into_iter().filter(|found| found.severity == Severity::Error).collect();
    in_file(errors, &path.display().to_string()).iter().map(ToString::to_string).collect()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_may_be_split_or_not() {
        let check = |texts: &[&str], expect: &[(&str, &str)]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            let expect =
                expect.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(overrides(&texts).unwrap(), expect);
        };
        check(&["A=b", "C=d"], &[("A", "b"), ("C", "d")]);
        check(&["A=b C='d e'"], &[("A", "b"), ("C", "d e")]);
        check(&["A=two words"], &[("A", "two words")]);
        assert!(overrides(&["nonsense".to_owned()]).is_err());
    }

    fn deployed(changes: &[(&str, &str)]) -> Deployed {
        let change = |(action, id): &(&str, &str)| Change {
            action: (*action).to_owned(),
            logical_id: (*id).to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            physical_id: id.to_lowercase(),
            failure: None,
        };
        Deployed {
            stack_name: "loop".to_owned(),
            status: "UPDATE_COMPLETE".to_owned(),
            status_reason: None,
            changes: changes.iter().map(change).collect(),
            outputs: Vec::new(),
        }
    }

    #[test]
    fn the_sum_comes_first() {
        assert_eq!(shown(&deployed(&[]), false), "no changes: stack loop is up to date");
        let text = shown(&deployed(&[("Create", "A"), ("Delete", "Bucket")]), false);
        let expect = "stack loop: UPDATE_COMPLETE (1 created, 1 deleted)\n  create  AWS::S3::Bucket  A       a\n  delete  AWS::S3::Bucket  Bucket  bucket";
        assert_eq!(text, expect);
    }
}
