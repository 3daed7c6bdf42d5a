#!/usr/bin/env bash
# Brings Muster to AWS, and brings what is there up to date. Safe to run again: what exists is kept.
#
#   deploy/aws/deploy.sh --certificate ARN --cors-origins https://clock.example.org --admin-email ADDRESS
#   deploy/aws/deploy.sh
#
#   --certificate ARN      a certificate of Certificate Manager, issued, of the same region   } needed the first time,
#   --cors-origins LIST    where the web client is served from, apart by commas               } kept from then on
#   --admin-email ADDRESS  what the first admin signs in with                                 }
#   --stack NAME           the stack's name (muster)
#   --region NAME          the region (us-east-1)
#   --tag TAG              what to call the image (the commit)
#   --parameter KEY=VALUE  another parameter of cloudformation-template.yaml; can be repeated
#
# Needs AWS CLI 2, Docker, Git and Python 3, and the rights to make what the template has. No password is printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() { echo "deploy: $*" >&2; exit 1; }
say() { echo "deploy: $*"; }

stack=muster region=us-east-1 tag="" certificate=""
parameters=()
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]##*/}"; exit ;;
    --certificate | --cors-origins | --admin-email | --stack | --region | --tag | --parameter) ;;
    *) fail "$1 is not known; --help tells what is" ;;
    esac
    [ -n "${2:-}" ] || fail "$1 needs a value"
    case $1 in
    --certificate) certificate=$2; parameters+=("CertificateArn=$2") ;;
    --cors-origins) parameters+=("CorsAllowedOrigins=$2") ;;
    --admin-email) parameters+=("AdminEmail=$2") ;;
    --stack) stack=$2 ;;
    --region) region=$2 ;;
    --tag) tag=$2 ;;
    --parameter) parameters+=("$2") ;;
    esac
    shift 2
done
export AWS_REGION=$region AWS_DEFAULT_REGION=$region AWS_PAGER=""

# Before anything is made: whatever would stop it halfway.
for tool in aws docker git python3; do
    command -v "$tool" >/dev/null || fail "$tool is not installed"
done
account=$(aws sts get-caller-identity --query Account --output text) || fail "not signed in to AWS: aws configure, or aws sso login"
docker info >/dev/null 2>&1 || fail "Docker does not answer"
if [ -z "$tag" ]; then
    tag=$(git rev-parse --short=12 HEAD) || fail "this is no clone: name the image with --tag"
    # An image's name says what is in it, and is given once.
    [ -z "$(git status --porcelain -- ../..)" ] || fail "there are changes that are not committed: commit them, or name the image with --tag"
fi
if [ -n "$certificate" ]; then
    status=$(aws acm describe-certificate --certificate-arn "$certificate" --query Certificate.Status --output text) ||
        fail "there is no such certificate in $region"
    [ "$status" = ISSUED ] || fail "the certificate is not issued but $status"
fi

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

stack_with() {
    aws cloudformation deploy --stack-name "$stack" --template-file cloudformation-template.yaml --capabilities CAPABILITY_IAM \
        --no-fail-on-empty-changeset ${1:+--parameter-overrides "$@"}
}
say "stack $stack in account $account, $region (the first time some fifteen minutes)"
stack_with ${parameters[@]+"${parameters[@]}"} ||
    fail "the stack was not made: aws cloudformation describe-stack-events --stack-name $stack --region $region tells why"

aws cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].Outputs' --output json >"$temporary/outputs.json"
output() {
    python3 -c 'import json, sys; print({o["OutputKey"]: o["OutputValue"] for o in json.load(open(sys.argv[1]))}[sys.argv[2]])' \
        "$temporary/outputs.json" "$1"
}
# filled FILE [NAME=VALUE…]: the file beside this one with the stack's outputs, and these, in the place of ${NAME}.
filled() {
    python3 - "$temporary/outputs.json" "$@" >"$temporary/$1" <<'END'
import json, string, sys
values = {o["OutputKey"]: o["OutputValue"] for o in json.load(open(sys.argv[1]))}
values |= dict(pair.split("=", 1) for pair in sys.argv[3:])
inside = {name: json.dumps(value)[1:-1] for name, value in values.items()}
print(string.Template(open(sys.argv[2]).read()).substitute(inside))
END
}

repository=$(output Repository)
cluster=$(output ClusterName)
image=$repository:$tag
if aws ecr describe-images --repository-name "${repository#*/}" --image-ids "imageTag=$tag" >/dev/null 2>&1; then
    say "image $tag is there"
else
    say "building and pushing image $tag"
    docker build --platform linux/amd64 --file ../Dockerfile --tag "$image" ../..
    aws ecr get-login-password | docker login --username AWS --password-stdin "${repository%%/*}"
    docker push "$image"
fi

# registered FILE: makes a revision of that task definition and prints its ARN.
registered() {
    filled "$1" "Image=$image"
    aws ecs register-task-definition --cli-input-json "file://$temporary/$1" --query taskDefinition.taskDefinitionArn --output text
}
server=$(registered task-definition.json)
once=$(registered task-definition-once.json)
filled ecs-service.json "TaskDefinition=$server"
network=$(python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))["networkConfiguration"]))' "$temporary/ecs-service.json")

# to_end COMMAND: runs that in a task of its own, shows what it said, and fails when it failed.
to_end() {
    local overrides task code attempt
    overrides=$(python3 -c 'import json, sys; print(json.dumps({"containerOverrides": [{"name": "muster", "command": sys.argv[1:]}]}))' "$1")
    task=$(aws ecs run-task --cluster "$cluster" --launch-type FARGATE --task-definition "$once" --count 1 \
        --network-configuration "$network" --overrides "$overrides" --query 'tasks[0].taskArn' --output text)
    [ "$task" != None ] || fail "ECS starts no task now"
    # Each wait gives up after ten minutes; a migration may take an hour (PostgresLimits.scriptSecondsMax).
    for attempt in 1 2 3 4 5 6 7; do
        [ "$attempt" -lt 7 ] || fail "$task has not ended within an hour"
        if aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"; then break; fi
    done
    aws logs get-log-events --log-group-name "$(output LogGroup)" --log-stream-name "once/muster/${task##*/}" \
        --query 'events[].message' --output text | tr '\t' '\n' || true
    code=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --query 'tasks[0].containers[0].exitCode' --output text)
    [ "$code" = 0 ] || fail "$1: exit code $code, $(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" \
        --query 'tasks[0].stoppedReason' --output text)"
}
say "bringing the schema up to date"
to_end "muster migrate"

# Before the service: a server that finds no admin writes a set-up link into its log.
say "the first admin"
# The shell of the task reads these, not this one.
# shellcheck disable=SC2016
to_end 'if muster admin list | grep -qiwF -- "$ADMIN_EMAIL"; then echo "$ADMIN_EMAIL is there"; else
    printf "%s\n" "$ADMIN_PASSWORD" | muster admin create --email "$ADMIN_EMAIL"; fi'

running=$(aws ecs describe-services --cluster "$cluster" --services muster --query "services[?status=='ACTIVE'] | length(@)" --output text)
if [ "$running" = 0 ]; then
    say "making the service"
    aws ecs create-service --cli-input-json "file://$temporary/ecs-service.json" >/dev/null
else
    say "updating the service"
    # How many there are is for the scaling to say from now on.
    aws ecs update-service --cluster "$cluster" --service muster --task-definition "$server" >/dev/null
fi
aws ecs wait services-stable --cluster "$cluster" --services muster ||
    fail "the service does not get stable: aws ecs describe-services --cluster $cluster --services muster --region $region, and log group $(output LogGroup)"
serving=$(aws ecs describe-services --cluster "$cluster" --services muster --query 'services[0].taskDefinition' --output text)
[ "$serving" = "$server" ] || fail "the new servers did not get healthy, and ECS went back to the former ones: see log group $(output LogGroup)"
stack_with Autoscaling=on

name=$(aws acm describe-certificate --certificate-arn "$(output CertificateArn)" --query Certificate.DomainName --output text)
cat <<END

Muster is up.
  Address        https://$name, once a CNAME of that name points to $(output LoadBalancerName)
  Time Tracker   https://$name/api
  Ready          http://$(output LoadBalancerName)/readyz
  First admin    $(output AdminEmail); the password:
                 aws secretsmanager get-secret-value --region $region --secret-id $(output AdminSecret) --query SecretString
  Logs           aws logs tail $(output LogGroup) --follow --region $region
END
