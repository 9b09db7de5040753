"""`trainyard image build`: layers of requirements, offline, with whatever Python is first on the PATH."""

import base64
import hashlib
import sys
import unittest
import zipfile

from harness import ACCOUNT, REGION, WithServer, run

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/greeter:v1"


def wheel(place, version):
    """The smallest package there is, as pip takes it."""
    files = {
        "greeting.py": f"VERSION = '{version}'\n",
        f"greeting-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: greeting\nVersion: {version}\n",
        f"greeting-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},\n"
        for name, text in files.items()
    )
    with zipfile.ZipFile(place / f"greeting-{version}-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"greeting-{version}.dist-info/RECORD": record}.items():
            archive.writestr(name, text)


class ImageBuild(WithServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.work = cls.directory / "a project"
        (cls.work / "src").mkdir(parents=True)
        (cls.work / "src/main.py").write_text("import greeting\n")
        (cls.work / "wheels").mkdir()
        wheel(cls.work / "wheels", "1.0")
        wheel(cls.work / "wheels", "2.0")

    @classmethod
    def require(cls, line):
        (cls.work / "requirements.txt").write_text(f"--no-index\n--find-links wheels\n{line}\n")

    def build(self, images, **environment):
        return self.server.trainyard(
            *("image", "build", "--tag", IMAGE, "--app", "src:/opt/program", "--requirements", "requirements.txt"),
            *("--entrypoint", "python3 /opt/program/main.py"),
            cwd=self.work, TRAINYARD_IMAGES=str(self.directory / images), **environment,
        )

    def test_same_input_same_digest(self):
        self.require("greeting == 1.0")
        first, other = self.build("first"), self.build("other")
        self.assertEqual(first.stdout, other.stdout)
        again = self.build("first")
        self.assertEqual((again.stdout, "1 packages, installed before" in again.stderr), (first.stdout, True))
        self.require("greeting == 2.0")
        newer = self.build("first")
        self.assertNotEqual(newer.stdout, first.stdout)
        self.assertNotIn("installed before", newer.stderr)

    def test_a_python_without_pip(self):
        """Debian's, and those of uv, have none, but the wheel that `ensurepip` would install."""
        bare = self.directory / "bare"
        run([sys.executable, "-m", "venv", "--without-pip", bare])
        self.require("greeting == 1.0")
        path = f"{bare / 'bin'}:{self.server.environment()['PATH']}"
        run([bare / "bin/python3", "-c", "import importlib.util as u; assert not u.find_spec('pip')"])
        with_pip = self.build("with")
        without = self.build("without", PATH=path)
        self.assertEqual(without.stdout, with_pip.stdout)
        shown = self.server.trainyard("doctor", PATH=path, check=False).stdout
        self.assertEqual([line.split()[0] for line in shown.splitlines() if "pip " in line], ["ok"], shown)


if __name__ == "__main__":
    unittest.main()
