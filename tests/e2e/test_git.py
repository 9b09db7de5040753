"""The built-in git host, by the git that is installed."""

import json
import os
import subprocess
import unittest

from harness import ROLE, WithServer, eventually, run


class Git(WithServer):
    def setUp(self):
        self.me = self._testMethodName.removeprefix("test_").replace("_", "-")[:40]
        self.there = f"{self.server.url}/git/{self.me}.git"
        self.work = self.directory / f"work of {self.me}"  # with spaces
        self.kept = self.machine(self.me, {"Keep": {"Type": "Succeed"}})

    def git(self, *arguments, cwd=None, check=True, **more):
        names = {f"GIT_{who}_{what}": f"a@{who}.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", "-c", "init.defaultBranch=main", *arguments]
        return run(command, env={**self.server.environment(), **names, **more}, cwd=cwd or self.work, check=check)

    def project(self, text="one"):
        """A repository with one commit and the server as its origin."""
        self.work.mkdir()
        self.git("init", "--quiet")
        self.git("remote", "add", "origin", self.there)
        return self.commit(text)

    def commit(self, text, file="a file.txt"):
        (self.work / file).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", text)
        return self.git("rev-parse", "HEAD").stdout.strip()

    def refs(self):
        lines = self.git("ls-remote", self.there).stdout.splitlines()
        return {name: commit for commit, name in (line.split("\t") for line in lines)}

    def test_push_clone_fetch(self):
        first = self.project()
        self.git("push", "--quiet", "origin", "main")
        self.assertEqual(self.refs()["refs/heads/main"], first)
        clone = self.directory / "a clone"
        self.git("clone", "--quiet", self.there, clone, cwd=self.directory)
        self.assertEqual((clone / "a file.txt").read_text(), "one")
        second = self.commit("two")
        self.git("tag", "v1")
        self.git("push", "--quiet", "--tags", "origin", "main")
        self.git("fetch", "--quiet", cwd=clone)
        self.assertEqual(self.git("rev-parse", "origin/main", cwd=clone).stdout.strip(), second)
        self.assertEqual(self.refs()["refs/tags/v1"], second)

    def test_no_secret_is_kept(self):
        self.project()
        self.git("push", "--quiet", "origin", "main")
        config = (self.work / ".git/config").read_text()
        for name in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
            self.assertNotIn(self.server.exports[name], config)

    def test_a_wrong_password(self):
        self.project()
        self.git("push", "--quiet", "origin", "main")
        second = self.commit("two")
        for user, password in [("AWS", "wrong"), (self.server.exports["AWS_ACCESS_KEY_ID"], "wrong"), ("x", "")]:
            url = self.there.replace("http://", f"http://{user}:{password}@")
            pushed = self.git("push", "--quiet", url, "main", check=False, GIT_CONFIG_COUNT="0")
            self.assertNotEqual(pushed.returncode, 0)
            self.assertRegex(pushed.stderr, "(?i)authentication failed|could not read|403|401")
            read = self.git("ls-remote", url, check=False, GIT_CONFIG_COUNT="0")
            self.assertNotEqual(read.returncode, 0)
        without = self.git("ls-remote", self.there, check=False, GIT_CONFIG_COUNT="0")
        self.assertNotEqual(without.returncode, 0)
        self.assertNotEqual(self.refs()["refs/heads/main"], second)

    def test_force(self):
        """History may be rewritten when it is said so; else the push is refused whole."""
        first = self.project()
        self.git("push", "--quiet", "origin", "main")
        self.git("commit", "--quiet", "--amend", "--message", "rewritten")
        refused = self.git("push", "origin", "main", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(self.refs()["refs/heads/main"], first)
        self.git("push", "--quiet", "--force", "origin", "main")
        self.assertEqual(self.refs()["refs/heads/main"], self.git("rev-parse", "HEAD").stdout.strip())

    def test_branches_come_and_go(self):
        self.project()
        self.git("push", "--quiet", "origin", "main", "main:refs/heads/feature/x")
        self.assertIn("refs/heads/feature/x", self.refs())
        self.git("push", "--quiet", "origin", "--delete", "feature/x")
        self.assertNotIn("refs/heads/feature/x", self.refs())

    def test_a_large_push(self):
        """Larger than git's post buffer: sent in chunks."""
        self.project()
        blob = os.urandom(5 << 20)
        (self.work / "large.bin").write_bytes(blob)
        self.commit("large")
        self.git("push", "--quiet", "origin", "main")
        clone = self.directory / "large clone"
        self.git("clone", "--quiet", self.there, clone, cwd=self.directory)
        self.assertEqual((clone / "large.bin").read_bytes(), blob)

    def test_names(self):
        self.project()
        for bad in ("../x", ".hidden", "x%2F..%2Fy", "%2e%2e/x", "a b", "-x"):
            url = f"{self.server.url}/git/{bad}.git"
            self.assertNotEqual(self.git("push", "--quiet", url, "main", check=False).returncode, 0, bad)

    def told(self, count):
        states = self.client("stepfunctions")

        def arrived():
            seen = states.list_executions(stateMachineArn=self.kept)["executions"]
            return seen if len(seen) >= count else None

        seen = eventually(arrived)
        self.assertEqual(len(seen), count)
        inputs = (states.describe_execution(executionArn=e["executionArn"])["input"] for e in seen)
        return [json.loads(text) for text in inputs]

    def listen(self):
        events = self.client("events")
        pattern = {"source": ["trainyard"], "detail-type": ["Git Push"], "detail": {"repository": [self.me]}}
        events.put_rule(Name=self.me, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=self.me, Targets=[{"Id": "keep", "Arn": self.kept, "RoleArn": ROLE}])

    def test_every_push_is_told_once(self):
        """Also when the server is killed right after the push was answered."""
        self.listen()
        commits = [self.project()]
        self.git("push", "--quiet", "origin", "main")
        for n in range(3):
            commits.append(self.commit(f"number {n}"))
            self.git("push", "--quiet", "origin", "main")
            self.server.kill()
            self.server.start()
        told = [event["detail"] for event in self.told(4)]
        self.assertEqual({detail["after"] for detail in told}, set(commits))
        self.assertEqual({detail["branch"] for detail in told}, {"main"})
        created = [detail for detail in told if detail["event"] == "created"]
        self.assertEqual([detail["after"] for detail in created], [commits[0]])

    def test_a_push_that_breaks_off(self):
        """The server dies while a push is under way: the ref is as it was or as it was to be, and git says so."""
        self.listen()
        first = self.project()
        self.git("push", "--quiet", "origin", "main")
        (self.work / "large.bin").write_bytes(os.urandom(3 << 20))
        second = self.commit("large")
        pushing = subprocess.Popen(
            ["git", "push", "--quiet", "origin", "main"],
            cwd=self.work,
            env=self.server.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.server.kill()
        done = pushing.wait()
        self.server.start()
        seen = self.refs()["refs/heads/main"]
        self.assertIn(seen, (first, second))
        if done == 0:
            self.assertEqual(seen, second)
        self.git("push", "--quiet", "origin", "main")
        self.assertEqual({event["detail"]["after"] for event in self.told(2)}, {first, second})


if __name__ == "__main__":
    unittest.main()
