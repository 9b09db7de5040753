//! The environment of a run: what it was given, and the little that every process needs.

use std::collections::BTreeMap;

use super::python::Python;

/// Where programs are, where nobody says otherwise.
pub(crate) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// Adds what is missing. `path` is for a run that has no `PATH`.
pub(crate) fn complete(env: &mut BTreeMap<String, String>, path: &str, home: &str) {
    env.entry("PATH".into()).or_insert_with(|| path.to_owned());
    env.entry("HOME".into()).or_insert_with(|| home.to_owned());
    env.entry("LANG".into()).or_insert_with(|| "C.UTF-8".to_owned());
    // What runs here talks to the server on this machine, whatever proxy there is for the world.
    for name in ["NO_PROXY", "no_proxy"] {
        let given = env.get(name).cloned().unwrap_or_default();
        let mut hosts: Vec<&str> = given.split(',').map(str::trim).filter(|host| !host.is_empty()).collect();
        if hosts != ["*"] {
            hosts.extend(LOOPBACK.iter().filter(|host| !given.split(',').any(|had| had.trim() == **host)));
        }
        env.insert(name.to_owned(), hosts.join(","));
    }
}

/// Puts the host's Python before the system's directories, and after what is the image's own.
pub(crate) fn prefer(python: &Python, path: &str) -> String {
    let own = python.programs.to_string_lossy();
    let of_system = |place: &str| {
        ["/usr", "/bin", "/sbin"]
            .iter()
            .any(|top| place.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    let mut places: Vec<&str> =
        path.split(':').filter(|place| !place.is_empty() && **place != *own).collect();
    let at = places.iter().position(|place| of_system(place)).unwrap_or(places.len());
    places.insert(at, &own);
    places.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_given_is_changed() {
        let mut env =
            BTreeMap::from([("PATH".into(), "/mine".into()), ("NO_PROXY".into(), "a, localhost".into())]);
        complete(&mut env, "/bin", "/home");
        assert_eq!(env["PATH"], "/mine");
        assert_eq!(env["HOME"], "/home");
        assert_eq!(env["NO_PROXY"], "a,localhost,127.0.0.1,::1");
        assert_eq!(env["no_proxy"], "127.0.0.1,localhost,::1");
        assert_eq!(env.len(), 5);
    }

    #[test]
    fn python_comes_after_the_images_own() {
        let python = Python { prefix: "/home/u/py".into(), programs: "/home/u/py/bin".into() };
        let check = |path, expect| assert_eq!(prefer(&python, path), expect);
        check("/app/bin:/usr/local/bin:/bin", "/app/bin:/home/u/py/bin:/usr/local/bin:/bin");
        check("/usr/bin:/home/u/py/bin", "/home/u/py/bin:/usr/bin");
        check("/app/bin", "/app/bin:/home/u/py/bin");
    }
}
