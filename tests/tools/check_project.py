"""Checks that a project's files are valid for AWS itself.

    python tests/tools/check_project.py PROJECT...

Needs cfn-lint and botocore (the service models that the AWS clients are made from). What is checked:
template.yaml by cfn-lint, also with each state machine's definition written into it; each task's Parameters against
the model of its operation (names, types, required members, patterns, enumerations, lengths); transitions;
substitutions; event patterns; buildspec.yml's keys; samconfig.toml's parameters. Several projects must have the same
state machines, so that what the offline tests run is what the template ships. Every fault found is printed.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import botocore.session
import yaml
from botocore.validate import ParamValidator

ACCOUNT = "123456789012"
# What the template's intrinsic functions come to, as far as a definition needs it.
DEPLOYED = {
    "DataBucket": f"train-and-deploy-{ACCOUNT}-us-east-1",
    "RepositoryUri": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/train-and-deploy",
    "ModelPackageGroupName": "train-and-deploy",
    "ProjectName": "train-and-deploy",
    "DevEndpointName": "train-and-deploy-dev",
    "ProdEndpointName": "train-and-deploy-prod",
    "JobRoleArn": f"arn:aws:iam::{ACCOUNT}:role/train-and-deploy-job",
    "ServingRoleArn": f"arn:aws:iam::{ACCOUNT}:role/train-and-deploy-serving",
}
FIELDS = {
    "Pass": {"Parameters", "ResultPath"},
    "Task": {"Resource", "Parameters", "ResultSelector", "ResultPath", "Retry", "Catch", "TimeoutSeconds"},
    "Choice": {"Choices", "Default"},
    "Wait": {"Seconds"},
    "Succeed": set(),
    "Fail": {"Error", "Cause", "ErrorPath", "CausePath"},
}
INTRINSICS = {"Format", "Array", "ArrayGetItem", "StringSplit", "StringToJson", "JsonToString"}
OPERATION_SERVICE = {"sagemakerruntime": "sagemaker-runtime"}
BUILDSPEC = {"version", "env", "phases"}
PHASES = ["install", "pre_build", "build", "post_build"]


class Tagged(yaml.SafeLoader):
    """Reads `!Ref x` as {"Ref": "x"} and `!Sub x` as {"Fn::Sub": "x"}."""


Tagged.add_constructor("!Ref", lambda loader, node: {"Ref": loader.construct_scalar(node)})
Tagged.add_constructor("!Sub", lambda loader, node: {"Fn::Sub": loader.construct_scalar(node)})
Tagged.add_constructor("!GetAtt", lambda loader, node: {"Fn::GetAtt": loader.construct_scalar(node).split(".")})


class Project:
    def __init__(self, root):
        self.root, self.faults = root, []
        self.template = yaml.load((root / "template.yaml").read_text(), Tagged)
        self.machines = {
            name: resource["Properties"]
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == "AWS::Serverless::StateMachine"
        }

    def fault(self, where, what):
        self.faults.append(f"{self.root}/{where}: {what}")

    def check(self):
        self.lint(self.root / "template.yaml")
        for machine in self.machines.values():
            Definition(self, machine).check()
            for name, event in machine["Events"].items():
                self.pattern(name, event["Properties"]["Pattern"])
        self.buildspec()
        self.samconfig()
        return self.faults

    def lint(self, file):
        run = subprocess.run(["cfn-lint", str(file)], capture_output=True, text=True)
        if run.returncode:
            self.fault(file.name, run.stdout + run.stderr)

    def pattern(self, path, value):
        """Objects all the way down to lists of texts or operators."""
        if isinstance(value, dict) and value and not set(value) & {"Ref", "Fn::Sub"}:
            for key, inner in value.items():
                self.pattern(f"{path}.{key}", inner)
        elif not isinstance(value, list) or not value:
            self.fault("template.yaml", f"event pattern at {path} is not a list")

    def buildspec(self):
        spec = yaml.safe_load((self.root / "buildspec.yml").read_text())
        odd = [key for key in spec if key not in BUILDSPEC] + [key for key in spec["phases"] if key not in PHASES]
        odd += [key for key in spec.get("env", {}) if key not in {"variables", "exported-variables"}]
        for name, phase in spec["phases"].items():
            odd += [f"{name}.{key}" for key in phase if key not in {"commands", "finally", "on-failure"}]
            for number, command in enumerate(phase["commands"]):
                if not isinstance(command, str):
                    self.fault("buildspec.yml", f"command {number} of {name} is not a text")
                elif subprocess.run(["sh", "-n", "-c", command]).returncode:
                    self.fault("buildspec.yml", f"command {number} of {name} is not for the shell")
        if spec["version"] != 0.2:
            odd.append("version")
        for key in odd:
            self.fault("buildspec.yml", f"{key} is not for us")

    def samconfig(self):
        text = (self.root / "samconfig.toml").read_text()
        given = re.search(r'^parameter_overrides = "(.*)"$', text, re.MULTILINE)[1].split()
        names = {pair.split("=", 1)[0] for pair in given}
        known = self.template["Parameters"]
        for name in names - set(known):
            self.fault("samconfig.toml", f"the template has no parameter {name}")
        for name in [name for name, one in known.items() if "Default" not in one and name not in names]:
            self.fault("samconfig.toml", f"{name} has no default and is not given")


class Definition:
    """One state machine's definition, as it is after the substitutions."""

    def __init__(self, project, machine):
        self.project, self.file = project, machine["DefinitionUri"]
        self.text = (project.root / self.file).read_text()
        self.given = machine["DefinitionSubstitutions"]
        text = re.sub(r"\$\{(\w+)\}", lambda match: self.value(match[1]), self.text)
        self.machine = json.loads(text)
        self.states = self.machine["States"]

    def value(self, name):
        given = self.given.get(name, "")
        if isinstance(given, str):
            return given
        default = self.project.template["Parameters"].get(given.get("Ref"), {}).get("Default")
        return DEPLOYED.get(name) or str(default)

    def fault(self, where, what):
        self.project.fault(self.file, f"{where}: {what}")

    def check(self):
        json.loads(self.text)  # valid also before the substitutions, for editors
        used = set(re.findall(r"\$\{(\w+)\}", self.text))
        for name in used ^ set(self.given):
            self.fault(name, "is used and not given, or given and not used")
        self.transitions()
        for name, state in self.states.items():
            odd = set(state) - FIELDS[state["Type"]] - {"Type", "Comment", "Next", "End"}
            if odd:
                self.fault(name, f"{state['Type']} has no {sorted(odd)}")
            for path, text in intrinsics(state):
                for function in re.findall(r"States\.(\w+)\(", text):
                    if function not in INTRINSICS:
                        self.fault(name, f"{path} calls States.{function}")
            if state["Type"] == "Task":
                self.task(name, state)
        self.lint()

    def transitions(self):
        told = {self.machine["StartAt"]}
        for name, state in self.states.items():
            next_states = [state.get("Next"), state.get("Default")]
            next_states += [branch["Next"] for key in ("Choices", "Catch") for branch in state.get(key, [])]
            told.update(filter(None, next_states))
            terminal = state["Type"] in ("Choice", "Succeed", "Fail") or state.get("End")
            if not terminal and not state.get("Next"):
                self.fault(name, "leads nowhere")
        for name in told ^ set(self.states):
            self.fault(name, "is led to and not there, or there and never led to")

    def task(self, name, state):
        service, operation = re.fullmatch(
            r"arn:aws:states:::(?:aws-sdk:)?(\w+):(\w+?)(?:\.sync|\.waitForTaskToken)?", state["Resource"]
        ).groups()
        model = botocore.session.get_session().get_service_model(OPERATION_SERVICE.get(service, service))
        shape = model.operation_model(operation[0].upper() + operation[1:]).input_shape
        parameters = concrete(state["Parameters"], shape, lambda path, what: self.fault(name, f"{path}: {what}"))
        report = ParamValidator().validate(parameters, shape)
        if report.has_errors():
            self.fault(name, report.generate_report())

    def lint(self):
        """cfn-lint knows the States Language where it finds a definition in a template."""
        machine = {"RoleArn": DEPLOYED["JobRoleArn"], "DefinitionString": json.dumps(self.machine)}
        template = {"Resources": {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}}}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / Path(self.file).name
            file.write_text(json.dumps(template))
            self.project.lint(file)


def intrinsics(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith((".$", "Path")) and isinstance(inner, str):
                yield f"{path}/{key}", inner
            yield from intrinsics(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from intrinsics(inner, f"{path}/{number}")


def concrete(value, shape, fault, path=""):
    """The value with something of the right type at every `name.$`, ready for botocore; literals are looked at closely."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            key.removesuffix(".$"): sample(shape.members.get(key.removesuffix(".$")))
            if key.endswith(".$")
            else concrete(inner, shape.members[key], fault, f"{path}/{key}")
            if key in shape.members
            else inner
            for key, inner in value.items()
        }
    if shape.type_name == "map" and isinstance(value, dict):
        return {
            key.removesuffix(".$"): sample(shape.value)
            if key.endswith(".$")
            else concrete(inner, shape.value, fault, f"{path}/{key}")
            for key, inner in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [concrete(inner, shape.member, fault, f"{path}/{number}") for number, inner in enumerate(value)]
    if shape.type_name == "blob":
        return json.dumps(value).encode()
    if isinstance(value, str):
        literal(value, shape, fault, path)
    elif shape.type_name == "string":
        return json.dumps(value)  # such as the Detail of an event
    return value


def literal(value, shape, fault, path):
    rules = shape.metadata
    if rules.get("enum") and value not in rules["enum"]:
        fault(path, f"{value!r} is none of {rules['enum']}")
    if len(value) > rules.get("max", len(value)):
        fault(path, f"{value!r} is longer than {rules['max']}")
    pattern = rules.get("pattern", "")
    if pattern and "\\p" not in pattern and not re.fullmatch(pattern, value):
        fault(path, f"{value!r} does not match {pattern}")


def sample(shape):
    kinds = {"string": "text", "integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True}
    return kinds.get(shape.type_name, {} if shape.type_name in ("structure", "map") else []) if shape else None


def main():
    roots = [Path(root) for root in sys.argv[1:]]
    faults = [fault for root in roots for fault in Project(root).check()]
    for file in sorted((roots[0] / "statemachine").iterdir()):
        for other in roots[1:]:
            if (other / "statemachine" / file.name).read_bytes() != file.read_bytes():
                faults.append(f"{other}/statemachine/{file.name}: differs from that of {roots[0]}")
    print(*faults, sep="\n")
    sys.exit(f"{len(faults)} faults" if faults else 0)


if __name__ == "__main__":
    main()
