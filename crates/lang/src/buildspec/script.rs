//! A buildspec as one shell script.
//!
//! The script is two programs in one. The outer one starts the inner one with `shell script inner …` and watches
//! it. The inner one holds the commands, each as one quoted text that it gives to `eval`, outside of any loop or
//! function, so that variables, functions, options and the directory live on from command to command.
//! A command that ends the shell itself (`exit`, a failing `set -e`, a syntax error, `exec`) ends the inner
//! program: the outer one takes its status as the command's and starts a new inner one behind it, with the
//! exported variables and the directory as they were.

use super::{Block, Buildspec, Phase};

/// The environment variable with the path of the file that the script appends its marks to ([`super::read_marks`]).
/// The commands do not see it. A second file stands beside it while the script runs.
pub const CHANNEL: &str = "TRAINYARD_BUILD_CHANNEL";

/// The script, to be stored as a file and run as `<shell> <file>` in the source's directory with `env.variables`
/// and [`CHANNEL`] in its environment. It runs under bash and any POSIX sh. It exits with the status of the first
/// command that failed, else 0.
pub fn script(buildspec: &Buildspec) -> String {
    let mut steps = Steps { text: String::new(), count: 0 };
    for phase in &buildspec.phases {
        steps.phase(phase);
    }
    for name in &buildspec.env.exported_variables {
        // The names are checked: letters, digits, underscores.
        steps
            .text
            .push_str(&format!("if [ -n \"${{{name}+x}}\" ]; then __ty_export {name} \"${{{name}}}\"; fi\n"));
    }
    let shell = buildspec.env.shell.program();
    format!("{OUTER_HEAD}__ty_shell={shell}\n{OUTER}{INNER_HEAD}{}{INNER_TAIL}", steps.text)
}

/// The inner program's steps, numbered from 1.
struct Steps {
    text: String,
    count: usize,
}

impl Steps {
    fn phase(&mut self, phase: &Phase) {
        self.step("always", &format!("__ty_begin {}", phase.name));
        self.block(phase, Block::Commands, &phase.commands);
        self.block(phase, Block::Finally, &phase.finally);
        let then = if phase.goes_on_after_failure() { "go_on" } else { "stop" };
        self.step("always", &format!("__ty_end {} {then}", phase.name));
    }

    fn block(&mut self, phase: &Phase, block: Block, commands: &[String]) {
        let name = block.as_str();
        for (index, command) in commands.iter().enumerate() {
            let text = quoted(command);
            let place = format!("{} {name} {index}", phase.name);
            // The blank keeps a command that begins with a dash from being read as an option.
            self.step(
                name,
                &format!("__ty_command {place} {text}\neval ' '{text}\n__ty_done \"$?\" {place}"),
            );
        }
    }

    fn step(&mut self, condition: &str, body: &str) {
        self.count += 1;
        self.text.push_str(&format!("if __ty_due {} {condition}; then\n{body}\nfi\n", self.count));
    }
}

/// A word that the shell reads as exactly `text`.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Both programs: names that commands are unlikely to use, and what writes the marks.
const OUTER_HEAD: &str = r#"# Runs the phases of a buildspec. Made by a machine; see its log for what it does.
__ty_now() {
  __ty_time=$(command date +%s%3N 2>/dev/null) || __ty_time=0
  case $__ty_time in *[!0-9]*) __ty_time=$(command date +%s)000 ;; esac
}
__ty_mark() {
  __ty_now
  command printf '%s %s\n' "$1" "$__ty_time" >>"$__ty_channel"
}
__ty_failed() {
  __ty_mark "failed $2 $3 $4 $1"
  command printf '[Container] Command did not exit successfully, exit status %s\n' "$1"
  if [ "$3" = finally ]; then __ty_finally_status=$1; else __ty_phase_status=$1; fi
}
"#;

/// Starts the inner program until it has come to its end.
const OUTER: &str = r#"if [ "${1-}" != inner ]; then
  __ty_channel=${TRAINYARD_BUILD_CHANNEL:?is not set}
  __ty_script=$0
  case $__ty_channel in /*) ;; *) __ty_channel=$PWD/$__ty_channel ;; esac
  case $__ty_script in /*) ;; *) __ty_script=$PWD/$__ty_script ;; esac
  unset TRAINYARD_BUILD_CHANNEL
  export CODEBUILD_BUILD_SUCCEEDING=1
  : >>"$__ty_channel" || exit 125
  __ty_from=1 __ty_active=0 __ty_phase_status=0 __ty_finally_status=0 __ty_build_status=0 __ty_stopped=0
  while :; do
    printf '%s\n' "0 0 0 0 0 0 none none 0" >"$__ty_channel.state" || exit 125
    "$__ty_shell" "$__ty_script" inner "$__ty_channel" "$__ty_from" "$__ty_active" "$__ty_phase_status" \
      "$__ty_finally_status" "$__ty_build_status" "$__ty_stopped"
    __ty_status=$?
    read -r __ty_at __ty_active __ty_phase_status __ty_finally_status __ty_build_status __ty_stopped \
      __ty_phase __ty_block __ty_index <"$__ty_channel.state"
    if [ "$__ty_at" = end ]; then break; fi
    if [ "$__ty_at" -lt "$__ty_from" ]; then
      printf '[Container] The shell %s could not go on\n' "$__ty_shell"
      __ty_build_status=125
      break
    fi
    if [ "$__ty_status" -ne 0 ] && [ "$__ty_phase" != none ]; then
      __ty_failed "$__ty_status" "$__ty_phase" "$__ty_block" "$__ty_index"
    fi
    __ty_from=$((__ty_at + 1))
  done
  rm -f "$__ty_channel.state" "$__ty_channel.exports" "$__ty_channel.directory"
  __ty_mark "finished $__ty_build_status"
  exit "$__ty_build_status"
fi
"#;

/// Takes over from the inner program before, if there was one.
const INNER_HEAD: &str = r#"__ty_channel=$2 __ty_from=$3 __ty_active=$4 __ty_phase_status=$5
shift 5
__ty_finally_status=$1 __ty_build_status=$2 __ty_stopped=$3
if [ -s "$__ty_channel.exports" ]; then
  . "$__ty_channel.exports" 2>/dev/null
  cd -- "$(cat <"$__ty_channel.directory")" || exit 125
fi
if [ "$__ty_phase_status$__ty_finally_status$__ty_build_status" != 000 ]; then
  export CODEBUILD_BUILD_SUCCEEDING=0
fi
__ty_save() {
  command export -p >|"$__ty_channel.exports"
  command printf '%s\n' "$PWD" >|"$__ty_channel.directory"
}
__ty_state() {
  command printf '%s\n' "$1 $__ty_active $__ty_phase_status $__ty_finally_status $__ty_build_status $__ty_stopped $2 $3 $4" >|"$__ty_channel.state"
}
__ty_due() {
  if [ "$1" -lt "$__ty_from" ]; then return 1; fi
  __ty_step=$1
  case $2 in
    always) return 0 ;;
    commands) [ "$__ty_active$__ty_phase_status" = 10 ] ;;
    finally) [ "$__ty_active$__ty_finally_status" = 10 ] ;;
  esac
}
__ty_begin() {
  if [ "$__ty_stopped" = 1 ]; then __ty_active=0; return 0; fi
  __ty_active=1 __ty_phase_status=0 __ty_finally_status=0
  command printf '[Container] Entering phase %s\n' "$1"
  __ty_mark "phase $1 start 0"
}
__ty_command() {
  command printf '[Container] Running command %s\n' "$4"
  __ty_state "$__ty_step" "$1" "$2" "$3"
}
__ty_done() {
  if [ "$1" -ne 0 ]; then
    __ty_failed "$1" "$2" "$3" "$4"
    export CODEBUILD_BUILD_SUCCEEDING=0
  fi
  # From here on the end of the shell is not this command's: bash trips over the script behind a bad `eval`.
  __ty_state "$__ty_step" none none 0
}
__ty_end() {
  if [ "$__ty_active" = 0 ]; then return 0; fi
  __ty_active=0
  __ty_status=$__ty_phase_status
  if [ "$__ty_status" = 0 ]; then __ty_status=$__ty_finally_status; fi
  __ty_mark "phase $1 end $__ty_status"
  if [ "$__ty_status" = 0 ]; then
    command printf '[Container] Phase complete: %s State: SUCCEEDED\n' "$1"
  else
    command printf '[Container] Phase complete: %s State: FAILED\n' "$1"
    if [ "$__ty_build_status" = 0 ]; then __ty_build_status=$__ty_status; fi
    if [ "$2" = stop ]; then __ty_stopped=1; fi
  fi
}
__ty_export() {
  __ty_mark "exported $1 $(command printf '%s' "$2" | command od -An -v -tx1 | command tr -d ' \n\t')."
}
trap __ty_save EXIT
set --
"#;

const INNER_TAIL: &str = r#"__ty_state end none none 0
exit 0
"#;
