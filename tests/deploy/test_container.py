"""The image and the machine of containers, as files: no container engine is here.

`python -m scripts.container_steps` runs the image's steps and serves from them; what is not shown is that an engine takes the
files, and that the other images start as they are asked to.
"""

import re
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from scripts.container_steps import stages_of
from scripts.release import version

from adherents.config import databases, environment
from tests.config.installation import once
from tests.deploy.units import ROOT

pytestmark = once
FOLDER = ROOT / "deploy" / "container"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if "espace-adherents" in service["image"]}
WITHOUT_A_CHECK = {"worker": "/pret/ names it", "migrate": "it ends"}
# Its entry point begins as root, to give the volume to its own user.
BEGINS_AS_ROOT = {"storage"}


def test_the_image_has_one_wheel_and_no_compiler_and_is_nobody_special() -> None:
    build, image = stages_of((FOLDER / "Containerfile").read_text())
    wheel = f"espace_adherents-{version()}-py3-none-any.whl"
    assert ("COPY", f"requirements.txt {wheel} /release/") in build.steps
    assert any("--require-hashes" in rest for _, rest in build.steps)
    assert image.user == "10001:10001"
    assert [image.entry, image.command[0]] == [["adherents"], "serve"]
    installed = [rest for _, rest in image.steps if "apt-get install" in rest]
    assert len(installed) == 1
    assert re.findall(r"--no-install-recommends (.*?) &&", installed[0]) == ["libmagic1"]
    assert image.environment["ADHERENTS_DATA_DIR"] == "/var/lib/espace-adherents"


def test_an_unknown_instruction_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="ADD"):
        stages_of("FROM x\nADD y z\n")


def test_every_engine_of_a_whole_portal_is_there() -> None:
    assert {"web", "worker", "migrate", "drawing"} == OURS
    assert set(SERVICES) - OURS == {"proxy", "database", "storage", "cache", "antivirus", "mail"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "pid", "ipc", "devices"}
    assert "docker.sock" not in str(service)
    if name not in BEGINS_AS_ROOT:
        assert service["user"].split(":")[0] not in {"0", "root"}
        assert "cap_add" not in service
    assert ("healthcheck" in service) == (name not in WITHOUT_A_CHECK)
    assert re.search(r":(\$\{|v?\d)", service["image"]) or name in OURS, "a version is named"


def test_only_the_proxy_is_reached_from_elsewhere() -> None:
    published = {
        name: port
        for name, service in SERVICES.items()
        for port in service.get("ports", [])
        if not port.startswith("127.0.0.1:")
    }
    assert set(published) == {"proxy"}
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_what_draws_has_another_user_no_network_no_setting_and_a_socket_in_common() -> None:
    drawing, web = SERVICES["drawing"], SERVICES["web"]
    assert drawing["network_mode"] == "none"
    assert "environment" not in drawing
    assert "secrets" not in drawing
    users = [service["user"].split(":") for service in (drawing, web)]
    assert users[0][0] != users[1][0]
    assert users[0][1] == users[1][1], "the group of the socket"
    places = {volume.split(":")[0] for volume in drawing["volumes"]}
    assert places == {volume.split(":")[0] for volume in web["volumes"]} == {"drawing"}
    bound = drawing["command"][drawing["command"].index("--bind") + 1]
    assert web["environment"]["ADHERENTS_DRAWING_URL"] == bound


def test_every_command_and_setting_of_ours_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        assert SERVICES[name].get("command", ["serve"])[0] in get_commands()
    values = {"ADHERENTS_BASE_URL": "https://espace.example.org"}
    for name, value in SERVICES["web"]["environment"].items():
        filled = re.sub(
            r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda found: values.get(found[1], found[2] or ""), value
        )
        monkeypatch.setenv(name, filled)
    assert environment.is_production()
    assert databases.database()["HOST"] == "database"
    assert environment.antivirus() == ("antivirus", 3310)
    assert environment.mailer().host == "mail"
    assert environment.storage()[1]["endpoint_url"] == "http://storage:8333"
    assert environment.drawing_service() == "/run/espace-adherents-drawing/drawing.sock"


def test_every_file_volume_and_service_that_is_named_is_there() -> None:
    for config in COMPOSE["configs"].values():
        if "file" in config:
            assert (FOLDER / config["file"]).exists()
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        for used in service.get("configs", []):
            assert used["source"] in COMPOSE["configs"]
        for secret in service.get("secrets", []):
            assert secret["source"] in COMPOSE["secrets"]
        assert set(service.get("depends_on", {})) <= set(SERVICES)
    asked = set(re.findall(r"\$\{(\w+):\?", (FOLDER / "compose.yml").read_text()))
    example = (FOLDER / "espace.env.example").read_text()
    assert asked - set(re.findall(r"^(\w+)=", example, re.MULTILINE)) == set()


def test_the_proxys_file_is_the_one_that_is_shipped_for_a_portal_elsewhere() -> None:
    [replaced] = re.findall(r"sed s/(\S+?)/(\S+?)/ ", SERVICES["proxy"]["command"][2])
    assert replaced == ("127.0.0.1:8000", "web:8000")
    shipped = (ROOT / "deploy" / "proxy" / "nginx.conf").read_text()
    assert set(re.findall(r"proxy_pass (\S+);", shipped)) == {"http://portals"}
    [portals] = re.findall(r"upstream portals \{\n(.*?)\n\}", shipped, re.DOTALL)
    served = [line for line in portals.splitlines() if not line.strip().startswith("#")]
    assert all(line.count("127.0.0.1:8000") == 1 for line in served)
    assert shipped.count("127.0.0.1:8000") == len(served) == 1
    targets = {secret["target"] for secret in SERVICES["proxy"]["secrets"]}
    assert targets == set(re.findall(r"ssl_certificate\S*\s+(\S+);", shipped))
