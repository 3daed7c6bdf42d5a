"""What script/check-deploy asks of deploy/ beyond what a schema can say: versions, passwords, rights, and that the files agree
with one another and with the program. Prints what is wrong, one line each."""
import json
import re
import string
import subprocess
import sys

import botocore.session
import botocore.validate
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



class Template(yaml.SafeLoader):
    """Reads what CloudFormation has besides YAML: `!Ref X` becomes {"Ref": "X"}, `!GetAtt X.Y` {"GetAtt": "X.Y"}."""


def function(loader, name, node):
    read = {yaml.ScalarNode: loader.construct_scalar, yaml.SequenceNode: loader.construct_sequence}
    return {name: read[type(node)](node)}


Template.add_multi_constructor("!", function)
aws = yaml.load(text("deploy/aws/cloudformation-template.yaml"), Template)
resources = aws["Resources"]
kinds = {resource["Type"] for resource in resources.values()}
place = "cloudformation-template.yaml"
# CloudFormation itself reads no aliases, though every YAML library does.
demand(not re.search(r"^[^#\n]*: [&*]\w", text("deploy/aws/cloudformation-template.yaml"), re.MULTILINE), f"{place}: has an alias")
demand(not [kind for kind in kinds if kind.startswith(("AWS::S3::", "AWS::ElastiCache::"))], f"{place}: pays for what is not used")

database = resources["Database"]
settings = database["Properties"]
demand(resources["DatabaseSecret"]["Properties"]["GenerateSecretString"]["GenerateStringKey"] == "password",
       f"{place}: the database's password is not drawn")
for key, part in [("MasterUsername", "username"), ("MasterUserPassword", "password")]:
    demand(settings[key] == {"Sub": "{{resolve:secretsmanager:${DatabaseSecret}:SecretString:%s}}" % part},
           f"{place}: {key} is not the secret's")
demand(settings["StorageEncrypted"] is True and settings["PubliclyAccessible"] is False, f"{place}: the database is open")
demand(database["DeletionPolicy"] == database["UpdateReplacePolicy"] == "Snapshot", f"{place}: the database's data can be lost")
demand(settings["DeletionProtection"] == {"Ref": "DeletionProtection"} and settings["BackupRetentionPeriod"] == {"Ref": "BackupDays"},
       f"{place}: the database is not protected")
demand(aws["Parameters"]["DeletionProtection"]["Default"] == "true", f"{place}: the database is not protected")

listeners = {resource["Properties"]["Port"]: resource["Properties"]
             for resource in resources.values() if resource["Type"].endswith("::Listener")}
demand(listeners[443]["Protocol"] == "HTTPS" and listeners[443]["Certificates"], f"{place}: no HTTPS")
demand(listeners[80]["DefaultActions"][0]["Type"] == "redirect", f"{place}: port 80 does not lead to HTTPS")
unredirected = resources["HealthWithoutRedirect"]["Properties"]
health = resources["Servers"]["Properties"]["HealthCheckPath"]
demand(health in unredirected["Conditions"][0]["PathPatternConfig"]["Values"] and unredirected["Actions"][0]["Type"] == "forward",
       f"{place}: the health check is redirected")
demand(f"| `{health}` | 200" in text("docs/monitoring.md"), f"{place}: {health} is no health path")
idle = int({item["Key"]: item["Value"] for item in resources["LoadBalancer"]["Properties"]["LoadBalancerAttributes"]}
           ["idle_timeout.timeout_seconds"])
server_idle = int(re.search(r"idleSecondsMax = (\d+)", text("Sources/HTTPServer/ListenerConfiguration.swift"))[1])
demand(45 < idle < server_idle, f"{place}: the load balancer waits {idle} seconds, the server {server_idle}")

# What ECS is sent, with an output's name as the output's value; the service's model in botocore says whether ECS would take it.
outputs = {name: name for name in aws["Outputs"]} | {"Image": "repository:tag", "TaskDefinition": "muster:1"}
known = re.findall(r'case \w+ = "(\w+)"', text("Sources/Assembly/Configuration.swift"))
# libpq's own, and that of the contract Time Tracker.
known += ["PGPASSWORD", "CORS_ALLOWED_ORIGINS"]
model = botocore.session.get_session().get_service_model("ecs", "2014-11-13")
sent = {}
for name, operation in [("task-definition", "RegisterTaskDefinition"), ("task-definition-once", "RegisterTaskDefinition"),
                        ("ecs-service", "CreateService")]:
    place = f"{name}.json"
    try:
        sent[name] = json.loads(string.Template(text(f"deploy/aws/{place}")).substitute(outputs))
    except KeyError as missing:
        sys.exit(f"{place}: the stack has no output {missing}")
    report = botocore.validate.ParamValidator().validate(sent[name], model.operation_model(operation).input_shape)
    demand(not report.has_errors(), f"{place}: {report.generate_report()}")
    for container in sent[name].get("containerDefinitions", []):
        demand(container["readonlyRootFilesystem"], f"{place}: the container may do too much")
        demand(container["logConfiguration"]["options"]["awslogs-group"] == "LogGroup", f"{place}: the log group is nobody's")
        for secret in container["secrets"]:
            demand(re.fullmatch(r"(DatabaseSecret|AdminSecret):password::", secret["valueFrom"]), f"{place}: {secret['name']} is no key of a secret")
        values = {item["name"]: item["value"] for item in container["environment"]}
        demand(values["DATABASE_URL"] == f"postgresql://muster@DatabaseHost:5432/{settings['DBName']}?sslmode=require",
               f"{place}: names another database than the template")
        names = set(values) | {secret["name"] for secret in container["secrets"]}
        allowed = {"ADMIN_EMAIL", "ADMIN_PASSWORD"} if name == "task-definition-once" else set()
        demand(names <= set(known) | allowed, f"{place}: {names - set(known) - allowed} are no settings")
        demand(not [item for item in values if re.search("PASSWORD|KEY|TOKEN", item)], f"{place}: a secret stands in the environment")
served = sent["task-definition"]["containerDefinitions"][0]
demand(served["environment"][0] == {"name": "MUSTER_LISTEN", "value": "0.0.0.0:8000"}, "task-definition.json: listens elsewhere")
demand(served["stopTimeout"] > seconds, "task-definition.json: stopTimeout is too short")
demand(served["ulimits"][0]["hardLimit"] >= connections + 256, "task-definition.json: too few open files")
demand(served["healthCheck"]["command"][-1] == health, "task-definition.json: has another health check than the load balancer")
service = sent["ecs-service"]
demand(service["loadBalancers"][0] == {"targetGroupArn": "TargetGroup", "containerName": served["name"],
                                       "containerPort": served["portMappings"][0]["containerPort"]},
       "ecs-service.json: the load balancer reaches no container")
demand(resources["ScalingTarget"]["Properties"]["ResourceId"]["Sub"].endswith(f"/{service['serviceName']}"),
       f"cloudformation-template.yaml: scales another service than {service['serviceName']}")

print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
