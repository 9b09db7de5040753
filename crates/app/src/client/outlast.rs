//! Outlasting a server that is started anew: a build goes on meanwhile, and what it asks of the server must not fail
//! for that.

use std::{
    env,
    time::{Duration, Instant},
};

use crate::{
    failure::{Exit, Failure},
    printer,
};

/// How long a server may be away.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Does `work`; in a build, again and again while the server cannot be reached. What is done must be safe to do twice:
/// an answer may have been lost. A person at a terminal is told at once instead.
pub(crate) async fn outlast<T, W>(work: impl Fn() -> W) -> Result<T, Failure>
where
    W: Future<Output = Result<T, Failure>>,
{
    let began = Instant::now();
    let mut told = false;
    loop {
        let done = work().await;
        let away = done.as_ref().is_err_and(|failure| failure.exit == Exit::Unreachable);
        if !away || env::var_os("CODEBUILD_BUILD_ID").is_none() || began.elapsed() > PATIENCE {
            return done;
        }
        if !told {
            printer::talk("the server cannot be reached: waiting for it");
            told = true;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
