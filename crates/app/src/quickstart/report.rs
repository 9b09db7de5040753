//! What a round has made, and what to try next.

use std::path::Path;

use super::{host::Host, steps::Made};
use crate::{commands::quoted, failure::Failure, printer, remote::endpoints};

/// Prints what was made: the chain from the commit to the endpoint, as the server tells it now.
pub(super) async fn made(host: &Host, made: &Made) -> Result<(), Failure> {
    let served = match endpoints::get(host.client(), &made.endpoint).await? {
        Some(endpoint) => endpoints::package(host.client(), &endpoint).await?,
        None => None,
    };
    let serves = if served.as_deref() == Some(made.package.model_package_arn.as_str()) {
        format!("{} serves it", made.endpoint)
    } else {
        // Somebody else has deployed since.
        format!("{} serves {} now", made.endpoint, served.as_deref().unwrap_or("another model"))
    };
    let program = program();
    let data = quoted(&host.place().directory().display().to_string());
    printer::talk("");
    printer::result(format_args!("commit         {}", made.commit));
    printer::result(format_args!("image          {}", made.image));
    printer::result(format_args!("execution      {}", made.training.name));
    printer::result(format_args!("model version  {}", made.package.model_package_arn));
    printer::result(format_args!("endpoint       {serves}"));
    let machine = crate::remote::last(&made.training.state_machine_arn);
    let package = &made.package.model_package_arn;
    let next = [
        ("\nin another terminal:", vec![format!("eval \"$({program} env --data {data})\"")]),
        (
            "and there, for example:",
            vec![
                format!("{program} status"),
                format!("{program} logs {machine}"),
                format!("aws sagemaker describe-model-package --model-package-name {package}"),
            ],
        ),
        ("another round, with another hyperparameter:", vec![host.again()]),
    ];
    for (when, commands) in next {
        printer::talk(when);
        commands.iter().for_each(|command| printer::talk(format_args!("  {}", printer::cyan(command))));
    }
    printer::talk("");
    Ok(())
}

/// How this program is called from here: by its name, if that is what the name finds.
pub(super) fn program() -> String {
    let Ok(program) = std::env::current_exe() else { return "trainyard".to_owned() };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join("trainyard")).find(|path| path.is_file());
    if found.and_then(|path| path.canonicalize().ok()) == program.canonicalize().ok() {
        return "trainyard".to_owned();
    }
    plain(&super::shown(&program))
}

fn plain(path: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(safe) && Path::new(path).components().count() > 0 {
        path.to_owned()
    } else {
        quoted(path)
    }
}
