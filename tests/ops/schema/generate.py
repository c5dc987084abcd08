"""Makes `kubernetes.json` and `compose.json` from what two packages publish: python tests/ops/schema/generate.py.

Install first, into an environment of its own, kubernetes-validate==1.37.0 and check-jsonschema==0.39.0. Both are
Apache-2.0, as are Kubernetes' API and the Compose specification, from which they have these schemas.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KINDS = ("configmap-v1", "deployment-apps-v1", "job-batch-v1", "poddisruptionbudget-policy-v1", "service-v1")
DEFINITIONS = "/api/_definitions.json#/$defs/"


def kubernetes() -> dict[str, Any]:
    """The schema of each of `KINDS` with what it refers to, and without prose: unknown fields are refused."""
    folder = files("kubernetes_validate").joinpath("kubernetes-json-schema", "v1.37.0-local-strict")
    known = json.loads(folder.joinpath("_definitions.json").read_text("utf-8"))["$defs"]
    made: dict[str, Any] = {"made from": "kubernetes-validate 1.37.0", "kinds": {}, "definitions": {}}
    for kind in KINDS:
        schema = json.loads(folder.joinpath(f"{kind}.json").read_text("utf-8"))
        name = schema["x-kubernetes-group-version-kind"][0]["kind"]
        made["kinds"][name] = _plain(schema, known, made["definitions"])
    return made


def _plain(schema: Any, known: dict[str, Any], used: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_plain(each, known, used) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "$ref":
            name = value.removeprefix(DEFINITIONS).removeprefix("#/$defs/")
            plain[key] = f"#/definitions/{name}"
            if name not in used:
                used[name] = {}
                used[name] = _plain(known[name], known, used)
        elif key == "properties":
            plain[key] = {name: _plain(each, known, used) for name, each in value.items()}
        elif not (key == "description" and isinstance(value, str)) and not key.startswith(("x-", "$")):
            plain[key] = _plain(value, known, used)
    return plain


def compose() -> dict[str, Any]:
    folder = files("check_jsonschema").joinpath("builtin_schemas", "vendor", "compose-spec.json")
    made: dict[str, Any] = json.loads(folder.read_text("utf-8"))
    return made


if __name__ == "__main__":
    for name, schema in {"kubernetes": kubernetes(), "compose": compose()}.items():
        (HERE / f"{name}.json").write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n", encoding="utf-8")
