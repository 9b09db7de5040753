"""`trainyard lint` on the files in tests/lint: what it prints, as a person and as a program read it."""

import json
import os
import pathlib
import pty
import subprocess
import tempfile
import unittest

from harness import AMBIENT, BINARY, ROOT, run

CASES = ROOT / "tests/lint"
TEMPLATES = [ROOT / "crates/app/templates/train-and-deploy", ROOT / "tests/projects/stdlib"]


def lint(*arguments, cwd):
    return run([BINARY, "lint", *arguments], cwd=cwd, check=False)


class Lint(unittest.TestCase):
    maxDiff = None

    def test_every_case_says_what_it_should(self):
        """Each folder holds files and `expected.txt`: what stdout and stderr are, and how it ends."""
        cases = sorted(case for case in CASES.iterdir() if case.is_dir())
        self.assertGreaterEqual(len(cases), 4)
        for case in cases:
            files = sorted(file.name for file in case.iterdir() if file.name != "expected.txt")
            with self.subTest(case.name):
                done = lint(*files, cwd=case)
                said = f"{done.stdout}-- {done.stderr}-- exit {done.returncode}\n"
                self.assertEqual(said, (case / "expected.txt").read_text())

    def test_a_program_reads_the_same(self):
        done = lint("-o", "json", "template.yaml", cwd=CASES / "project")
        self.assertEqual(done.returncode, 65)
        found = json.loads(done.stdout)
        places = [(one["file"], one["line"], one["column"], one["severity"], one["code"]) for one in found]
        self.assertIn(("machine.asl.json", 9, 43, "warning", "MISSING_SUBSTITUTION"), places)
        self.assertIn(("template.yaml", 16, 22, "error", None), places)
        done = lint("-o", "json", "branches.asl.json", cwd=CASES / "good")
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, []))

    def test_a_file_is_looked_at_once(self):
        """A definition that is named beside its template keeps what the template says of it, and nothing twice."""
        done = lint("-o", "json", "machine.asl.json", "template.yaml", "machine.asl.json", cwd=CASES / "project")
        ours = [one for one in json.loads(done.stdout) if one["file"] == "machine.asl.json"]
        self.assertEqual([one["code"] for one in ours], ["MISSING_SUBSTITUTION"])
        self.assertIn("2 files", done.stderr)

    def test_our_own_projects_are_clean(self):
        for project in TEMPLATES:
            files = [project / "template.yaml", project / "buildspec.yml", project / "samconfig.toml"]
            done = lint(*files, cwd=ROOT)
            self.assertEqual((done.returncode, done.stdout), (0, ""), project)

    def test_what_cannot_be_read_is_a_wrong_command(self):
        for wrong in ["nowhere.asl.json", "."]:
            done = lint(wrong, cwd=CASES)
            self.assertEqual((done.returncode, done.stdout), (64, ""))
            self.assertIn(wrong, done.stderr)

    def test_what_is_too_large_is_not_read(self):
        with tempfile.TemporaryDirectory() as directory:
            large = pathlib.Path(directory) / "m.asl.json"
            large.write_text(" " * (1024 * 1024 + 1))
            done = lint(large, cwd=directory)
        self.assertEqual(done.returncode, 65)
        self.assertIn("1048576", done.stdout)

    def test_colours_are_for_terminals_that_want_them(self):
        def on_a_terminal(**more):
            ours, theirs = pty.openpty()
            command = [BINARY, "lint", "poll.asl.yaml"]
            subprocess.run(command, cwd=CASES / "warnings", stdout=theirs, env={**AMBIENT, **more}, check=True)
            os.close(theirs)
            shown = b""
            try:
                while chunk := os.read(ours, 65536):
                    shown += chunk
            except OSError:  # the end, as Linux has it
                pass
            os.close(ours)
            return shown

        plain = {name: "" for name in ["NO_COLOR"]}
        self.assertIn(b"\x1b[", on_a_terminal(**plain))
        self.assertNotIn(b"\x1b[", on_a_terminal(NO_COLOR="1"))


if __name__ == "__main__":
    unittest.main()
