"""The Helm chart, held by Helm itself, and what it renders by what Kubernetes calls restricted.

Not tested, for want of a cluster: that Kubernetes, CloudNativePG and KEDA take what is rendered.
"""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from scripts.release import version

from tests.config.installation import once
from tests.deploy.units import ROOT

pytestmark = once
CHART = ROOT / "deploy" / "chart"
EVERYTHING = {
    "profile": (ROOT / "profiles" / "exemple.toml").read_text(),
    "image": {"repository": "registry.example.org/portal", "pullSecrets": ["pull"]},
    "purge": {"enabled": True, "schedule": "0 3 * * *"},
    "worker": {"keda": {"enabled": True, "most": 5, "documentsEach": 20}},
    "ingress": {"enabled": True, "annotations": {"example.org/one": "two"}},
}
PODS = {"Deployment", "Job", "CronJob"}


@pytest.fixture(scope="module")
def helm() -> Iterator[Any]:
    subprocess.run([ROOT / "scripts" / "chart_tools"], check=True, capture_output=True)
    sys.path.append(str(ROOT / ".venv" / "chart-tools"))
    yield importlib.import_module("helm_python")
    sys.path.pop()


def rendered(helm: Any, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    chart = helm.Chart.load(str(CHART))
    files = chart.render(chart.merge_values(values or {}), name="espace", namespace="portal")
    return [
        found
        for name, text in files.items()
        if name.endswith(".yaml")
        for found in yaml.safe_load_all(text)
        if found
    ]


def pods_of(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    pods = []
    for manifest in manifests:
        if manifest["kind"] in PODS:
            spec = manifest["spec"]
            pods.append(spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"])
    return pods


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["as it is", "everything"])
def test_helm_has_nothing_to_say(helm: Any, values: dict[str, Any]) -> None:
    report = helm.lint(str(CHART), values, strict=True)
    said = [message for message in report["messages"] if message["severity"] > 1]
    assert (report["errors"], said) == ([], [])


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["as it is", "everything"])
def test_every_container_is_nobody_special_on_a_root_that_cannot_be_written(
    helm: Any, values: dict[str, Any]
) -> None:
    pods = pods_of(rendered(helm, values))
    assert len(pods) == (4 if values else 3)
    for pod in pods:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert not any("hostPath" in volume for volume in pod["volumes"])
        mounted = {volume["name"] for volume in pod["volumes"]}
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}
            assert container["resources"]["limits"]["memory"]
            assert container["image"].endswith(f":{version()}")
            assert {mount["name"] for mount in container["volumeMounts"]} <= mounted


def test_what_draws_has_another_user_and_no_setting_and_no_key(helm: Any) -> None:
    deployments = [pod for pod in pods_of(rendered(helm)) if "initContainers" in pod]
    assert len(deployments) == 2
    for pod in deployments:
        [drawing], [other] = pod["initContainers"], pod["containers"]
        assert drawing["restartPolicy"] == "Always"
        assert drawing["securityContext"]["runAsUser"] != pod["securityContext"]["runAsUser"]
        assert drawing["securityContext"]["runAsGroup"] == pod["securityContext"]["runAsGroup"]
        assert not drawing.keys() & {"env", "envFrom"}
        shared = {mount["name"] for mount in drawing["volumeMounts"]} & {
            mount["name"] for mount in other["volumeMounts"]
        }
        assert shared == {"drawing"}


def test_the_database_is_migrated_before_its_new_version_serves(helm: Any) -> None:
    [job] = [manifest for manifest in rendered(helm) if manifest["kind"] == "Job"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["migrate"]


def test_the_example_makes_the_secret_that_the_chart_reads(helm: Any) -> None:
    cluster = yaml.safe_load((CHART / "examples" / "database.yaml").read_text())
    assert cluster["apiVersion"].startswith("postgresql.cnpg.io/")
    values = helm.Chart.load(str(CHART)).values
    assert values["database"]["secret"] == f"{cluster['metadata']['name']}-app"


@pytest.mark.parametrize(
    "wrong",
    [
        {"baseUrl": "http://espace.example.org"},
        {"baseUrl": "https://espace.example.org/portal"},
        {"web": {"replicas": 0}},
        {"masterKey": "a key in a file of values"},
    ],
    ids=["no TLS", "a path", "none", "a key"],
)
def test_values_that_cannot_work_are_refused(helm: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(helm.HelmError):
        helm.Chart.load(str(CHART)).validate_schema(helm.Chart.load(str(CHART)).merge_values(wrong))


def test_the_chart_has_the_versions_number() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == version()
