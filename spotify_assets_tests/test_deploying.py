"""What `deploy/` holds is held to the schemas of those who read it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import spotify_assets

PACKAGE = Path(spotify_assets.__file__).parent
DEPLOY = PACKAGE.parent / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
OF_SEVERAL_MACHINES = {"run_launcher", "run_monitoring", "run_retries"}


def read(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", [DEPLOY / "dagster.yaml", KUBERNETES / "dagster.yaml"])
def test_on_several_machines_dagster_is_configured_as_on_one_but_for_where_runs_are(
    path: Path,
) -> None:
    here, there = read(PACKAGE / "dagster-postgres.yaml"), read(path)
    assert {name for name in there if there[name] != here.get(name)} == OF_SEVERAL_MACHINES
    assert {**here, **there} == there


def validate(found: dict[str, Any]) -> None:
    kubernetes_validate = pytest.importorskip(
        "kubernetes_validate", reason="pip install 'spotify-assets[cluster-tests]'"
    )
    kubernetes_validate.validate(found, kubernetes_validate.latest_version(), strict=True)


def test_the_job_of_a_run_is_one_that_kubernetes_takes() -> None:
    pytest.importorskip("dagster_k8s", reason="pip install 'spotify-assets[cluster]'")
    from dagster._config import process_config, resolve_to_config_type  # noqa: PLC0415
    from dagster_k8s import K8sRunLauncher  # noqa: PLC0415
    from dagster_k8s.job import (  # noqa: PLC0415
        DagsterK8sJobConfig,
        UserDefinedDagsterK8sConfig,
        construct_dagster_k8s_job,
    )
    from kubernetes.client import ApiClient  # noqa: PLC0415

    config = read(KUBERNETES / "dagster.yaml")["run_launcher"]["config"]
    config["job_image"] = "an-image"
    processed = process_config(resolve_to_config_type(K8sRunLauncher.config_type()), config)
    assert processed.success, processed.errors
    of_job = {"dagster_home", "instance_config_map", "env_secrets", "env_config_maps"}
    job = construct_dagster_k8s_job(
        DagsterK8sJobConfig(
            job_image="an-image",
            service_account_name=config["service_account_name"],
            **{name: config[name] for name in of_job},
        ),
        ["dagster", "api", "execute_run"],
        "dagster-run-1",
        UserDefinedDagsterK8sConfig.from_dict(config["run_k8s_config"]),
    )
    made = ApiClient().sanitize_for_serialization(job)
    validate({"apiVersion": "batch/v1", "kind": "Job", **made})
    pod = made["spec"]["template"]["spec"]
    assert all("persistentVolumeClaim" not in volume for volume in pod["volumes"])
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_the_manifests_are_ones_that_kubernetes_takes() -> None:
    documents = (KUBERNETES / "manifests.yaml").read_text(encoding="utf-8")
    for found in yaml.safe_load_all(documents):
        validate(found)
