//! Steps on the terminal: one line each, with a spinner while it goes on and the elapsed time.
//! Where stderr is no terminal, a line is printed when a step ends.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printer;

/// The column where details begin.
const TITLE_WIDTH: usize = 24;

/// One step that goes on. Dropped without an end, it shows as not finished: nothing is reported as done before it is.
pub(crate) struct Step {
    title: String,
    began: Instant,
    took: Option<Duration>,
    bar: Option<ProgressBar>,
    over: bool,
}

impl Step {
    /// Begins the step and shows it.
    pub(crate) fn begin(title: impl Into<String>) -> Self {
        let title = title.into();
        let bar = printer::live().then(|| spinner(&title));
        Self { title, began: Instant::now(), took: None, bar, over: false }
    }

    /// It has gone on for that long already.
    pub(crate) fn since(mut self, ago: Duration) -> Self {
        self.began = Instant::now().checked_sub(ago).unwrap_or(self.began);
        self
    }

    /// How long it took is known better than by when it was looked at.
    pub(crate) fn took(mut self, took: Option<Duration>) -> Self {
        self.took = took;
        self
    }

    /// Shows what it is at.
    pub(crate) fn at(&self, detail: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(printer::dim(detail));
        }
    }

    /// It has ended well.
    pub(crate) fn done(mut self, detail: impl AsRef<str>) {
        self.end(&printer::green("✓"), detail.as_ref());
    }

    /// It has ended without need for it.
    pub(crate) fn skipped(mut self, detail: impl AsRef<str>) {
        self.end(&printer::dim("–"), detail.as_ref());
    }

    /// It goes on, and this process looks no longer.
    pub(crate) fn left(mut self, detail: impl AsRef<str>) {
        self.end(&printer::yellow("…"), detail.as_ref());
    }

    /// It has failed.
    pub(crate) fn failed(mut self, detail: impl AsRef<str>) {
        self.end(&printer::red("✗"), detail.as_ref());
    }

    fn end(&mut self, mark: &str, detail: &str) {
        self.over = true;
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let elapsed =
            printer::dim(&format!("{:>7}", seconds(self.took.unwrap_or_else(|| self.began.elapsed()))));
        printer::talk(format_args!("{mark} {:<TITLE_WIDTH$} {elapsed}  {detail}", self.title));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.over {
            self.end(&printer::yellow("…"), "not finished");
        }
    }
}

fn spinner(title: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let template = format!("{{spinner}} {title:<TITLE_WIDTH$} {{elapsed:>7}}  {{wide_msg}}");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    bar.set_style(style.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// `3.2 s`, `1 m 05 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} m {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!(seconds(Duration::from_millis(3210)), "3.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 m 05 s");
    }
}
