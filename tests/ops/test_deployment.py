"""What stands in deploy/ is what Compose, Kubernetes and a Procfile runner take, and runs commands that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from jsonschema.validators import validator_for
from typer.main import get_command

from bot.main import app
from bot.ops.serve import WORK_GRACE
from bot.settings import Settings
from db.session import MOST_CONNECTIONS
from tests.shell import ROOT

SCHEMA = Path(__file__).parent / "schema"
SETTINGS = {f"PARLEY_{name.upper()}" for name in Settings.model_fields}


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / "deploy" / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def compose() -> Any:
    return read("compose.yaml")


@pytest.fixture(scope="module")
def cluster() -> Any:
    return read("kubernetes.yaml")["items"]


def is_one_of_ours(words: list[str]) -> bool:
    """Whether it is a command of Parley's with options that it has."""
    assert words[0] == "parley"
    command: Any = get_command(app)
    rest = words[1:]
    while rest and hasattr(command, "commands") and rest[0] in command.commands:
        command = command.commands[rest.pop(0)]
    known = {option for each in command.params for option in each.opts}
    return not hasattr(command, "commands") and {word for word in rest if word.startswith("--")} <= known


def wrong(schema: dict[str, Any], document: Any) -> list[str]:
    return [
        f"{each.json_path}: {each.message}"
        for each in validator_for(schema, Draft7Validator)(schema).iter_errors(document)
    ]


def test_compose_takes_it(compose: Any) -> None:
    schema = json.loads((SCHEMA / "compose.json").read_text("utf-8"))
    assert wrong(schema, compose) == []
    assert wrong(schema, {**compose, "services": {"web": {"comand": "parley web"}}}), "it would say so"
    ours = {name: each for name, each in compose["services"].items() if name != "postgres"}
    assert ours.keys() == {"migrate", "web", "worker", "clock"}
    assert all(is_one_of_ours(each["command"]) for each in ours.values())
    assert {name for each in ours.values() for name in each["environment"]} <= SETTINGS
    for name in ("web", "worker", "clock"):
        assert ours[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
        assert int(ours[name]["stop_grace_period"].removesuffix("s")) > WORK_GRACE


def test_kubernetes_takes_it(cluster: Any) -> None:
    schemas = json.loads((SCHEMA / "kubernetes.json").read_text("utf-8"))
    for each in cluster:
        schema = {**schemas["kinds"][each["kind"]], "definitions": schemas["definitions"]}
        assert wrong(schema, each) == [], each["metadata"]
        assert wrong(schema, {**each, "spek": {}}), "it would say so"


def test_what_kubernetes_runs_says_how_it_is_and_is_given_time_to_end(cluster: Any) -> None:
    running = {each["metadata"]["name"]: each["spec"] for each in cluster if each["kind"] == "Deployment"}
    assert running.keys() == {"parley-web", "parley-worker", "parley-clock"}
    for name, spec in running.items():
        pod, (container,) = spec["template"]["spec"], spec["template"]["spec"]["containers"]
        assert is_one_of_ours(container["command"]) and container["command"][1] == name.removeprefix("parley-")
        port = int(container["command"][container["command"].index("--port") + 1])
        probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
        assert {probe["port"] for probe in probes.values()} == {port}
        assert probes["liveness"]["path"] == "/healthz" and probes["readiness"]["path"] == "/readyz"
        assert pod["terminationGracePeriodSeconds"] > 2 * WORK_GRACE
        assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
    labels = [spec["selector"]["matchLabels"] for spec in running.values()]
    assert labels == [
        each["spec"]["selector"]["matchLabels"] for each in cluster if each["kind"] == "PodDisruptionBudget"
    ]
    (job,) = [each for each in cluster if each["kind"] == "Job"]
    assert job["spec"]["template"]["spec"]["containers"][0]["command"] == ["parley", "db", "upgrade"]
    assert {name for each in cluster if each["kind"] == "ConfigMap" for name in each["data"]} <= SETTINGS


def test_every_process_of_the_procfile_is_a_command() -> None:
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text("utf-8").splitlines())
    assert lines.keys() == {"release", "web", "worker", "clock", "all"}
    assert all(is_one_of_ours(re.sub(r"\$\{\w+:-(\w+)\}", r"\1", line).split()) for line in lines.values())


def test_the_image_has_what_is_installed_and_nothing_else() -> None:
    """What is copied into it is what the wheel is built from; no data and no secret of whoever builds it."""
    kept = (ROOT / ".containerignore").read_text("utf-8").splitlines()
    assert kept[1] == "*" and all((ROOT / each[1:]).exists() for each in kept if each.startswith("!"))
    said = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
    for copied in re.findall(r"^COPY (?!--)(\S+)", said, re.MULTILINE):
        assert (ROOT / copied).exists()
    assert all((ROOT / each).exists() for each in re.findall(r"-r (\S+\.txt)", said))
    command = re.findall(r"^CMD (\[.*\])$", said, re.MULTILINE)
    assert is_one_of_ours(json.loads(command[0]))


def test_who_may_write_nowhere_is_given_a_place_for_what_is_uploaded_and_solved(cluster: Any) -> None:
    for each in cluster:
        if each["metadata"]["name"] in ("parley-web", "parley-worker") and each["kind"] == "Deployment":
            pod = each["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp"]  # noqa: S108
            assert [volume["name"] for volume in pod["volumes"]] == [each["name"] for each in container["volumeMounts"]]


def test_compose_has_connections_for_every_process_it_starts(compose: Any) -> None:
    services = compose["services"]
    there = int(services["postgres"]["command"][-1].removeprefix("max_connections="))
    processes = sum(services[name].get("deploy", {}).get("replicas", 1) for name in ("web", "worker", "clock"))
    assert there - 3 >= processes * MOST_CONNECTIONS
