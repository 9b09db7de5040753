use std::{fs, process::Command};

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Buildspec, Vec<String>> {
    Buildspec::parse(text.as_bytes()).map_err(|found| found.iter().map(ToString::to_string).collect())
}

fn check_refused(text: &str, expect: &[&str]) {
    assert_eq!(parse(text).expect_err(text), expect);
}

#[test]
fn reads_what_the_issue_names() {
    let spec = parse(
        "version: 0.2\nenv:\n  shell: bash\n  variables: {A: x, N: 1.50, B: true, E: }\n  exported-variables: [A]\n\
         phases:\n  build:\n    on-failure: CONTINUE\n    commands:\n      - make\n      - |\n        a\n        b\n    finally: [echo]\n  install:\n    commands: [x]\n",
    )
    .unwrap();
    let variables = [("A", "x"), ("N", "1.50"), ("B", "true"), ("E", "")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    assert_eq!(spec.env, Env { variables, exported_variables: vec!["A".to_owned()], shell: Shell::Bash });
    let names: Vec<_> = spec.phases.iter().map(|p| p.name.api_name()).collect();
    assert_eq!(names, ["INSTALL", "BUILD"]);
    assert_eq!(spec.phases[1].commands, ["make", "a\nb\n"]);
    assert_eq!((spec.phases[1].on_failure, spec.phases[1].finally.len()), (Some(OnFailure::Continue), 1));
}

#[test]
fn refusals_come_all_at_once() {
    check_refused(
        "version: 0.1\nrun-as: root\nenv:\n  shell: zsh\n  parameter-store: {}\n  variables:\n    1A: x\n    B: [x]\nphases:\n\
         \x20 deploy: {}\n  build:\n    run-as: me\n    on-failure: RETRY\n    commands:\n      - echo a: b\n      - [x]\n    finally: x\nartifacts: {}\n",
        &[
            "1:10: only `version: 0.2` is supported (at /version)",
            "2:1: `run-as` is not supported, commands run as the user of the build (at /run-as)",
            "4:10: the shell `zsh` is not supported, use `bash` or `sh` (at /env/shell)",
            "5:3: `parameter-store` is not supported, set the variables in the project (at /env/parameter-store)",
            "7:5: `1A` is no name of an environment variable (at /env/variables/1A)",
            "8:8: `B` must be text, not a list (at /env/variables/B)",
            "10:3: `deploy` is no key of `phases`, which has install, pre_build, build, post_build (at /phases/deploy)",
            "12:5: `run-as` is not supported, commands run as the user of the build (at /phases/build/run-as)",
            "13:17: `on-failure: RETRY` is not supported, use `ABORT` or `CONTINUE` (at /phases/build/on-failure)",
            "15:9: a command must be a string; quote this one, its `: ` makes it a map in YAML (at /phases/build/commands/0)",
            "16:9: a command must be a string, not a list (at /phases/build/commands/1)",
            "17:14: `finally` must be a list, not a string (at /phases/build/finally)",
            "18:1: `artifacts` is not supported, copy them to S3 with `aws s3 cp` (at /artifacts)",
        ],
    );
    check_refused(
        "x: 1\n",
        &[
            "1:1: `x` is no key of a buildspec, which has version, env, phases (at /x)",
            "1:1: `version` is missing: write `version: 0.2`",
            "1:1: `phases` is missing: name at least one phase with `commands`",
        ],
    );
    check_refused("", &["1:1: a buildspec must be a map, not null"]);
    check_refused(
        "version: 0.2\nphases: {}",
        &["2:9: `phases` is empty: name at least one phase with `commands` (at /phases)"],
    );
}

/// What a run of a buildspec leaves.
struct Ran {
    status: i32,
    out: String,
    marks: Vec<Mark>,
}

impl Ran {
    /// What the commands printed, without the script's own lines.
    fn said(&self) -> Vec<&str> {
        let mut running = false;
        self.out
            .lines()
            .filter(|line| {
                let own = line.starts_with("[Container] ");
                running = running && !own;
                !own && !running && !line.starts_with("## ")
            })
            .collect()
    }

    /// The phases that ended, with their status.
    fn phases(&self) -> Vec<(&str, i32)> {
        let ended = |mark: &Mark| match mark {
            Mark::PhaseEnded { phase, status, .. } => Some((phase.as_str(), *status)),
            _ => None,
        };
        self.marks.iter().filter_map(ended).collect()
    }

    fn failed(&self) -> Vec<(&str, &str, usize, i32)> {
        let failed = |mark: &Mark| match mark {
            Mark::CommandFailed { phase, block, index, status, .. } => {
                Some((phase.as_str(), block.as_str(), *index, *status))
            }
            _ => None,
        };
        self.marks.iter().filter_map(failed).collect()
    }

    fn exported(&self) -> Vec<(&str, &str)> {
        let exported = |mark: &Mark| match mark {
            Mark::Exported { name, value } => Some((name.clone(), value.clone())),
            _ => None,
        };
        let found: Vec<(String, String)> = self.marks.iter().filter_map(exported).collect();
        found.into_iter().map(|(name, value)| (&*name.leak(), &*value.leak())).collect()
    }
}

fn run_under(shell: Shell, text: &str) -> Ran {
    let mut spec = parse(text).unwrap();
    spec.env.shell = shell;
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("the source's $place");
    fs::create_dir(&source).unwrap();
    let (file, channel) = (dir.path().join("build.sh"), dir.path().join("marks"));
    fs::write(&file, script(&spec)).unwrap();
    let output = Command::new(shell.program())
        .arg(&file)
        .current_dir(&source)
        .env(CHANNEL, &channel)
        .envs(spec.env.variables.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let marks = read_marks(&fs::read_to_string(&channel).unwrap());
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    let out =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ran { status: output.status.code().unwrap(), out, marks }
}

/// Runs phases under both shells and looks at each run.
fn check_run(phases: &str, look: impl Fn(&Ran)) {
    for shell in [Shell::Sh, Shell::Bash] {
        let ran = run_under(shell, &format!("version: 0.2\n{phases}"));
        let finished = ran.marks.iter().filter(|m| matches!(m, Mark::Finished { .. })).count();
        assert_eq!(finished, 1, "{shell:?}: {}", ran.out);
        look(&ran);
    }
}

#[test]
fn one_shell_lives_across_commands_and_phases() {
    let phases = r#"
phases:
  install:
    commands:
      - A='it''s  "here"'
      - f() { echo "f $A $*"; }
      - mkdir sub && cd sub
      - set -- one two
  build:
    commands:
      - f 1
      - basename "$PWD"
      - 'echo $#'
      - test -z "${TRAINYARD_BUILD_CHANNEL+x}"
"#;
    check_run(phases, |ran| {
        assert_eq!((ran.status, ran.phases()), (0, vec![("install", 0), ("build", 0)]), "{}", ran.out);
        assert_eq!(ran.said(), ["f its  \"here\" 1", "sub", "2"], "{}", ran.out);
    });
}

#[test]
fn commands_are_passed_as_written() {
    let phases = r##"
phases:
  build:
    commands:
      - |
        cat <<'EOF'
        ## 'single' "double" $A `x` \
        EOF
        echo 'after
        two' # comment
      - "echo \"a\\tb\" '$A' | tr a-z A-Z"
      - echo $(( 1 +
          1 ))
      - echo é
"##;
    check_run(phases, |ran| {
        assert_eq!(ran.status, 0, "{}", ran.out);
        assert!(ran.out.contains("## 'single' \"double\" $A `x` \\\n"), "{}", ran.out);
        let said = ran.said();
        let tail = &said[said.len() - 3..];
        assert!(tail[0].ends_with("$A"), "{}", ran.out);
        assert_eq!(tail[1..], ["2", "é"], "{}", ran.out);
    });
}

#[test]
fn a_failure_stops_its_phase_and_finally_runs() {
    let phases = "
phases:
  build:
    commands: ['echo \"$CODEBUILD_BUILD_SUCCEEDING\"', sh -c 'exit 7', echo never]
    finally: ['echo \"finally $CODEBUILD_BUILD_SUCCEEDING\"']
  post_build:
    commands: ['echo \"post $CODEBUILD_BUILD_SUCCEEDING\"']
";
    check_run(phases, |ran| {
        assert_eq!((ran.status, ran.phases()), (7, vec![("build", 7), ("post_build", 0)]));
        assert_eq!(ran.said(), ["1", "finally 0", "post 0"]);
        assert_eq!(ran.failed(), [("build", "commands", 1, 7)]);
    });
}

#[test]
fn which_phases_follow_a_failure() {
    let all = |failing: &str, on_failure: &str| {
        let phase = |name: &str| {
            let command = if name == failing { "false" } else { "true" };
            let on_failure = if name == failing { on_failure } else { "" };
            format!("  {name}:\n    commands: ['{command}']\n{on_failure}")
        };
        format!("phases:\n{}", PhaseName::ALL.map(|p| phase(p.as_str())).join(""))
    };
    let check = |failing, on_failure, expect: &[(&str, i32)]| {
        check_run(&all(failing, on_failure), |ran| {
            assert_eq!((ran.status, ran.phases()), (1, expect.to_vec()), "{failing}");
        });
    };
    check("install", "", &[("install", 1)]);
    check("pre_build", "", &[("install", 0), ("pre_build", 1)]);
    check("build", "", &[("install", 0), ("pre_build", 0), ("build", 1), ("post_build", 0)]);
    check("build", "    on-failure: ABORT\n", &[("install", 0), ("pre_build", 0), ("build", 1)]);
    let on = "    on-failure: CONTINUE\n";
    check("pre_build", on, &[("install", 0), ("pre_build", 1), ("build", 0), ("post_build", 0)]);
}

#[test]
fn a_failing_finally_fails_its_phase() {
    let phases =
        "phases:\n  build:\n    commands: ['true']\n    finally: ['echo one', 'false', 'echo never']\n";
    check_run(phases, |ran| {
        assert_eq!((ran.status, ran.phases(), ran.said()), (1, vec![("build", 1)], vec!["one"]));
        assert_eq!(ran.failed(), [("build", "finally", 1, 1)]);
    });
}

#[test]
fn a_command_that_ends_the_shell_ends_itself_only() {
    let phases = r#"
phases:
  pre_build:
    commands:
      - mkdir sub && cd sub && export E="it's
        kept"
      - exit 0
      - echo "$E" in "$(basename "$PWD")"
  build:
    commands:
      - set -eu
      - |
        false
        echo never
      - echo never
    finally:
      - echo "$nowhere" || echo unset-is-fine
  post_build:
    commands: ['echo "unclosed', 'echo never']
    finally: [exec echo replaced, echo last]
"#;
    check_run(phases, |ran| {
        assert_eq!(
            ran.phases(),
            [("pre_build", 0), ("build", 1), ("post_build", 2)],
            "{} {:?}",
            ran.out,
            ran.marks
        );
        assert_eq!(ran.status, 1);
        assert_eq!(
            ran.failed(),
            [("build", "commands", 1, 1), ("post_build", "commands", 0, 2)],
            "{}",
            ran.out
        );
        let said = ran.said();
        assert!(
            said.contains(&"it's kept in sub") && said.contains(&"replaced") && said.contains(&"last"),
            "{}",
            ran.out
        );
        assert!(!said.contains(&"never"), "{}", ran.out);
    });
}

#[test]
fn commands_cannot_confuse_the_script() {
    let phases = r#"
phases:
  build:
    commands:
      - set -eufC; IFS=0123456789
      - trap 'echo goodbye' EXIT
      - PATH=/nowhere
      - 'true'
      - break || true
      - printf() { :; }
"#;
    check_run(phases, |ran| {
        assert_eq!((ran.status, ran.phases()), (0, vec![("build", 0)]), "{}", ran.out);
        assert!(ran.said().contains(&"goodbye"), "{}", ran.out);
    });
}

#[test]
fn exported_variables_are_told_at_the_end() {
    let phases = r#"
env:
  variables: {A: first}
  exported-variables: [A, B, NONE]
phases:
  build:
    commands: ['A="$A, last"', "B='two\n\n  lines'", 'false']
"#;
    check_run(phases, |ran| {
        assert_eq!(ran.exported(), [("A", "first, last"), ("B", "two\n\n  lines")], "{}", ran.out);
        assert!(ran.status == 1);
    });
}

#[test]
fn marks_have_times_and_torn_lines_are_passed_over() {
    check_run("phases:\n  build:\n    commands: ['true']\n", |ran| {
        let Mark::PhaseStarted { phase: PhaseName::Build, at } = ran.marks[0] else {
            panic!("{:?}", ran.marks)
        };
        assert!(at > 1_700_000_000_000, "{at}");
    });
    let text = "phase build start 0 5\nnonsense\nexported A 6.  1\nphase build end 0 6\nfinished 0";
    assert_eq!(read_marks(text).len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_text_survives_the_quoting(words in prop::collection::vec("[ -~é\t\n]{0,12}", 1..8)) {
        let text: String = words.concat().replace('\r', "");
        let command = format!("printf %s '{}'", text.replace('\'', r"'\''"));
        let phase = Phase { name: PhaseName::Build, on_failure: None, commands: vec![command], finally: vec![] };
        let env = Env { exported_variables: vec![], variables: vec![], shell: Shell::Sh };
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("build.sh");
        fs::write(&file, script(&Buildspec { env, phases: vec![phase] })).unwrap();
        let output = Command::new("sh").arg(&file).env(CHANNEL, dir.path().join("marks")).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        prop_assert!(out.ends_with(&format!("{text}[Container] Phase complete: build State: SUCCEEDED\n")), "{}", out);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(version: 0.2|env:|phases:|  build:|  commands:|    commands:| \\[|\\]|- x|\n){0,12}") {
        let _ = Buildspec::parse(text.as_bytes());
    }
}
