//! Which host a credential is sent to, and which ones it is not.

use trainyard_domain::{Principal, Scope};

use super::{
    a_build,
    house::{House, PROJECT, request},
};
use crate::{
    builds::{
        Build, CredentialRequest, ProjectRequest, Source, SourceCredential, StartRequest, Status, pass::Pass,
    },
    repositories::Login,
};

const OWN: &str = "GITHUB_ENTERPRISE";

fn source(kind: &str, host: &str) -> Source {
    let location = Some(format!("https://{host}/team/train.git"));
    Source { kind: kind.to_owned(), location, ..Source::default() }
}

/// The request for a project of that name, with a source of that kind at that host.
fn of(name: &str, kind: &str, host: &str) -> ProjectRequest {
    ProjectRequest { name: name.to_owned(), source: Some(source(kind, host)), ..request() }
}

impl House {
    async fn import(&self, kind: &str, username: Option<&str>) -> SourceCredential {
        let scope = Scope::default_scope();
        let request = CredentialRequest {
            username: username.map(str::to_owned),
            token: "token".to_owned(),
            server_type: kind.to_owned(),
            auth_type: "PERSONAL_ACCESS_TOKEN".to_owned(),
            should_overwrite: None,
        };
        self.builds.import_credential(&scope, &Principal::root(&scope), request).await.unwrap()
    }

    /// Which host is told what; or why it is told nothing.
    async fn shown_to(&self, kind: &str, host: &str) -> Result<[String; 3], String> {
        let build = Build { source: source(kind, host), ..a_build() };
        let url = build.source.location.clone().unwrap();
        match self.builds.pass(&build, &url).await.unwrap() {
            Pass::Shown(Login { host, user, password }) => Ok([host, user, password]),
            Pass::None => Err(String::new()),
            Pass::Kept(why) => Err(why),
        }
    }

    async fn check(&self, kind: &str, host: &str, expect: Result<&str, &str>) {
        match (self.shown_to(kind, host).await, expect) {
            (Ok([host, ..]), Ok(expect)) => assert_eq!(host, expect),
            (Err(why), Err("")) => assert_eq!(why, ""),
            (Err(why), Err(expect)) => assert!(why.contains(expect), "{why}"),
            (found, expect) => panic!("{found:?} instead of {expect:?}"),
        }
    }
}

#[tokio::test]
async fn a_token_is_for_the_host_of_the_projects_that_were_there() {
    let house = House::new().await;
    house.project(of("ours", OWN, "Git.Example")).await;
    house.project(of("others", "GITHUB", "github.com")).await;
    assert_eq!(house.import(OWN, None).await.host.as_deref(), Some("git.example"));
    let strange =
        Err("the credential for GITHUB_ENTERPRISE is for git.example and is not sent to evil.example");
    house.check(OWN, "git.example", Ok("git.example")).await;
    house.check(OWN, "evil.example", strange).await;
    house.check(OWN, "git.example:8443", Err("not sent to git.example:8443")).await;
    house.check("GITHUB", "git.example", Err("")).await;
    // Nor later: whoever can change projects, or waits for the next token.
    let scope = Scope::default_scope();
    let by = Principal::root(&scope);
    house.builds.update_project(&scope, &by, of("ours", OWN, "evil.example")).await.unwrap();
    house.check(OWN, "evil.example", strange).await;
    assert_eq!(house.import(OWN, None).await.host.as_deref(), Some("git.example"));
    house.check(OWN, "evil.example", strange).await;
    // Unless who imports it says so.
    assert_eq!(house.import(OWN, Some("@other.example")).await.host.as_deref(), Some("other.example"));
    house.check(OWN, "other.example", Ok("other.example")).await;
    house.check(OWN, "git.example", Err("is for other.example")).await;
}

#[tokio::test]
async fn a_token_is_for_the_host_that_is_named() {
    let house = House::new().await;
    house.project(of("evil", OWN, "evil.example")).await;
    assert_eq!(
        house.import(OWN, Some("ann@git.example:8443")).await.host.as_deref(),
        Some("git.example:8443")
    );
    assert_eq!(house.shown_to(OWN, "git.example:8443").await.unwrap(), ["git.example:8443", "ann", "token"]);
    house.check(OWN, "evil.example", Err("not sent to evil.example")).await;
    let scope = Scope::default_scope();
    let refused = async |username: &str, auth: &str| {
        let request = CredentialRequest {
            username: Some(username.to_owned()),
            token: "token".to_owned(),
            server_type: OWN.to_owned(),
            auth_type: auth.to_owned(),
            should_overwrite: None,
        };
        house
            .builds
            .import_credential(&scope, &Principal::root(&scope), request)
            .await
            .unwrap_err()
            .to_string()
    };
    assert!(refused("ann@", "PERSONAL_ACCESS_TOKEN").await.contains("names no host"));
    assert!(refused("ann@git.example/x", "PERSONAL_ACCESS_TOKEN").await.contains("names no host"));
    assert!(refused("a:b@git.example", "PERSONAL_ACCESS_TOKEN").await.contains("no `:`"));
    assert!(
        refused("a\nb@git.example", "PERSONAL_ACCESS_TOKEN").await.contains("`username` has a line break")
    );
    assert!(refused("", "BASIC_AUTH").await.contains("`username` is missing"));
}

#[tokio::test]
async fn a_token_that_is_for_nobody_yet_is_for_whom_it_is_first_needed() {
    let house = House::new().await;
    assert_eq!(house.import("GITLAB_SELF_MANAGED", None).await.host, None);
    let (kind, here) = ("GITLAB_SELF_MANAGED", "git.example");
    // A build of another source than a project's.
    house.check(kind, "evil.example", Err("no project of that type names one")).await;
    house.project(of("ours", kind, here)).await;
    house.project(of("theirs", kind, "evil.example")).await;
    house
        .check(kind, here, Err("projects name evil.example, git.example): import it again with the username"))
        .await;
    let scope = Scope::default_scope();
    house.builds.delete_project(&scope, &Principal::root(&scope), "theirs").await.unwrap();
    house.check(kind, "evil.example", Err("is for git.example")).await;
    let listed = house.builds.credentials(&scope).await.unwrap();
    assert_eq!(listed[0].host.as_deref(), Some(here));
    house.project(of("theirs", kind, "evil.example")).await;
    house.check(kind, here, Ok("git.example")).await;
    house.check(kind, "evil.example", Err("is for git.example")).await;
}

#[tokio::test]
async fn other_kinds_mean_one_host() {
    let house = House::new().await;
    house.project(of("evil", "GITHUB", "evil.example")).await;
    assert_eq!(house.import("GITHUB", Some("ann@example.org")).await.host, None);
    house.check("GITHUB", "github.com", Ok("github.com")).await;
    house.check("GITHUB", "evil.example", Err("is for github.com")).await;
    house.check("BITBUCKET", "bitbucket.org", Err("")).await;
}

/// Nobody answers there, and what git says of it is not all that is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_says_that_it_had_no_token() {
    let mut house = House::new().await;
    house.project(of(PROJECT, OWN, "git.example")).await;
    house.import(OWN, None).await;
    house
        .start(StartRequest {
            project_name: PROJECT.to_owned(),
            source_location_override: Some("https://127.0.0.1:1/train.git".to_owned()),
            ..StartRequest::default()
        })
        .await;
    let build = house.ended().await;
    let failed = build.phases.iter().find(|phase| phase.status == Some(Status::Failed)).unwrap();
    let (_, why) = failed.context.clone().unwrap();
    assert!(why.contains("is for git.example and is not sent to 127.0.0.1:1"), "{why}");
}
