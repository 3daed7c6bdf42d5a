"""What script/check-deploy asks of deploy/ beyond what a schema can say: versions, passwords, rights, and that the files agree
with one another and with the program. Prints what is wrong, one line each."""
import re
import subprocess
import sys

import yaml

faults = []


def demand(holds, fault):
    if not holds:
        faults.append(fault)


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def tagged(image, place):
    _, _, tag = image.rpartition("/")[2].partition(":")
    demand(tag and tag != "latest", f"{place}: the image {image} names no version")


dockerfile = text("deploy/Dockerfile")
for image in re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE):
    tagged(image, "Dockerfile")
user = re.search(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE)
demand(user and user[1] != "0", "Dockerfile: USER is to be a number other than 0")
uid = int(user[1]) if user else None
demand("\nHEALTHCHECK " in dockerfile and "\nVOLUME /data\n" in dockerfile, "Dockerfile: HEALTHCHECK or VOLUME is missing")

# The libraries of the image are those whose -dev packages the build installs.
bootstrap = re.search(r"^packages=\((.*)\)$", text("script/bootstrap"), re.MULTILINE)[1].split()
built_with = [package for package in bootstrap if package.endswith("-dev")]
installed = re.search(r"--no-install-recommends \\\n(.*?)\\\n", dockerfile, re.DOTALL)[1].split()
runtime = set()
try:
    for package in built_with:
        depends = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Depends}", package], capture_output=True, text=True, check=True).stdout
        # A -dev package depends on the very version of its own library.
        own = [name.split()[0] for name in depends.split(",") if "(= " in name]
        demand(len(own) == 1, f"bootstrap: {package} has no library of its own but {own}")
        runtime.update(own)
    besides = {"ca-certificates", "tzdata"}
    demand(set(installed) == runtime | besides, f"Dockerfile installs {sorted(installed)}, wanted {sorted(runtime | besides)}")
except (FileNotFoundError, subprocess.CalledProcessError):
    # Not where the build's packages are; there nobody could build an image either.
    pass

compose = yaml.safe_load(text("deploy/compose.yaml"))
for name, service in compose["services"].items():
    tagged(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", service["image"]), f"compose.yaml, {name}")
    for key, value in service.get("environment", {}).items():
        if "PASSWORD" in key:
            required = re.fullmatch(r"\$\{POSTGRES_PASSWORD:\?[^}]+\}", str(value))
            demand(required or value == "${PGADMIN_PASSWORD:-}", f"compose.yaml, {name}: {key} has a default")
    demand("no-new-privileges:true" in service.get("security_opt", []) or name == "database",
           f"compose.yaml, {name}: new privileges are possible")
    if name != "pgadmin":
        demand(service.get("restart"), f"compose.yaml, {name}: does not start again")
demand("healthcheck" in compose["services"]["database"], "compose.yaml: PostgreSQL has no health check")
muster = compose["services"]["muster"]
demand(muster["read_only"] and muster["cap_drop"] == ["ALL"], "compose.yaml: Muster may write or has capabilities")
demand(f"uid={uid}" in muster["tmpfs"][0], "compose.yaml: /data belongs to another user than the image's")
proxy = compose["services"]["caddy"]["networks"]["front"]["ipv4_address"]
demand(muster["environment"]["MUSTER_TRUSTED_PROXIES"] == proxy, "compose.yaml: another address than Caddy's is believed")
named = set(re.findall(r"\$\{(\w+)", text("deploy/compose.yaml")))
offered = set(re.findall(r"^(\w+)=", text("deploy/env.example"), re.MULTILINE))
demand(named - offered == {"MUSTER_TAG"} and offered <= named, f"env.example and compose.yaml name different things: {named ^ offered}")
for line in re.findall(r"^\w+=.+$", text("deploy/env.example"), re.MULTILINE):
    demand(False, f"env.example sets {line.split('=')[0]}")

version = re.search(r'"(\d+\.\d+\.\d+)"', text("Sources/Assembly/Version.swift"))[1]
objects = {item["kind"]: item for item in yaml.safe_load_all(text("deploy/kubernetes.yaml"))}
spec = objects["Deployment"]["spec"]["template"]["spec"]
container = spec["containers"][0]
demand(container["image"].endswith(f":{version}"), f"kubernetes.yaml: the image is not of version {version}")
demand(f":-{version}" in muster["image"], f"compose.yaml: the image is not of version {version}")
demand(spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] == uid, "kubernetes.yaml: runs as another user")
demand(spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", "kubernetes.yaml: no seccomp profile")
inner = container["securityContext"]
demand(inner["readOnlyRootFilesystem"] and not inner["allowPrivilegeEscalation"] and inner["capabilities"]["drop"] == ["ALL"],
       "kubernetes.yaml: the container may do too much")
demand(spec["enableServiceLinks"] is False, "kubernetes.yaml: service links would set unknown MUSTER_ names")
demand(objects["Deployment"]["spec"]["replicas"] >= 2 and objects["PodDisruptionBudget"]["spec"]["minAvailable"] >= 1,
       "kubernetes.yaml: fewer than two servers")
demand("Secret" not in objects, "kubernetes.yaml: a secret stands in the file")

# A stop takes Server.endWithinSeconds; whoever waits less would cut it off.
seconds = float(re.search(r"endWithinSeconds = ([\d.]+)", text("Sources/Assembly/Server.swift"))[1])
unit = text("deploy/muster.service")
demand(int(re.search(r"TimeoutStopSec=(\d+)", unit)[1]) > seconds, "muster.service: TimeoutStopSec is too short")
demand(int(muster["stop_grace_period"].rstrip("s")) > seconds, "compose.yaml: stop_grace_period is too short")
pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
demand(spec["terminationGracePeriodSeconds"] > seconds + pause, "kubernetes.yaml: terminationGracePeriodSeconds is too short")
connections = int(re.search(r"connectionsMax = ([\d_]+)", text("Sources/HTTPServer/ListenerConfiguration.swift"))[1].replace("_", ""))
for place, files in [("muster.service", int(re.search(r"LimitNOFILE=(\d+)", unit)[1])), ("compose.yaml", muster["ulimits"]["nofile"]["hard"])]:
    demand(files >= connections + 256, f"{place}: {files} open files are fewer than {connections} connections need")

print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
