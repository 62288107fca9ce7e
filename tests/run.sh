#!/usr/bin/env bash
# Runs all tests: the engine's (xunit) and, where PowerShell is there, the module's (Pester, through the staged module).
#
#   bash tests/run.sh            what is missing is named, and the tests that need it are skipped
#   bash tests/run.sh --setup    as root on Debian 12: installs what is missing first, and starts an engine where none answers
#
# The last line is 'N passed, N failed, N skipped' over both suites, and before it each test that failed is named once more.
# Exit code 0 only where every suite ran through, ran at least one test and had no failure. What was started is ended
# again; what was running before is left alone.
#
# The xunit suite starts its own registries and routers. The Pester suite gets these, each unset where it is not to be had:
#   ROLLOUT_TEST_REGISTRY           127.0.0.1:PORT of a registry that anyone may push to
#   ROLLOUT_TEST_REGISTRY_LOGIN     127.0.0.1:PORT of a registry that wants the login 'rollout' and
#   ROLLOUT_TEST_REGISTRY_PASSWORD  this password
#   ROLLOUT_TEST_ROUTER             path of the runtime socket of a HAProxy, whose
#   ROLLOUT_TEST_ROUTER_URI         http://127.0.0.1:PORT stands in front of its empty backend
#   ROLLOUT_TEST_BACKEND            of this name
#   ROLLOUT_TEST_PROMETHEUS         http://127.0.0.1:PORT of a Prometheus that scrapes the replicas on the engine
# Both suites get:
#   ROLLOUT_TEST_BUILDX             path of a docker-buildx plugin beside the system
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/setup/services.sh

setup=
for argument in "$@"; do
    case $argument in
        --setup) setup=yes ;;
        *) fail "run.sh does not know '$argument'." "Give --setup or nothing." ;;
    esac
done

packages=(ca-certificates curl git iproute2 openssl procps docker.io docker-registry haproxy busybox-static apache2-utils wrk
    prometheus prometheus-alertmanager)
results=$PWD/out/tests
tools=$PWD/out/tools
work=$(mktemp -d)
trap 'end_started; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
rm -rf "$results"
mkdir -p "$results"

# No build server is left behind.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
command -v dotnet > /dev/null || fail "The .NET SDK is not installed." "Install the .NET 10 SDK."

pester_is_there() {
    pwsh -NoProfile -NonInteractive -Command 'exit [int]!(Get-Module Pester -ListAvailable | Where-Object Version -ge ([version] "5.0"))' \
        > /dev/null 2>&1 < /dev/null
}

# Pester is not in Debian either.
try_pester() {
    command -v pwsh > /dev/null && ! pester_is_there || return 0
    timeout 300 pwsh -NoProfile -NonInteractive -Command 'Install-Module Pester -Force -SkipPublisherCheck -Scope CurrentUser' \
        > /dev/null 2>&1 < /dev/null || true
}

if [ -n "$setup" ]; then
    [ "$(id -u)" = 0 ] || fail "--setup installs packages and starts an engine, which needs root." "Run it as root."
    install_missing "${packages[@]}"
    name_ipv6_loopback
    start_dockerd "$work"
    try_pwsh "$tools"
    try_pester
    bash tests/setup/buildx.sh "$tools" || say "buildx is not to be had: its tests are skipped."
else
    missing=$(missing_packages "${packages[@]}" | paste -sd ' ')
    [ -z "$missing" ] || say "Not installed: $missing. Their tests are skipped; bash tests/run.sh --setup installs them."
    docker_answers || say "No Docker engine answers. Its tests are skipped; bash tests/run.sh --setup starts one."
fi
[ ! -x "$tools/docker-buildx" ] || export ROLLOUT_TEST_BUILDX=$tools/docker-buildx

passed=0 failed=0 skipped=0 broken=

# add SUITE PASSED FAILED SKIPPED STATUS: a suite that ran no test, or ended badly, breaks the run whatever it counted.
add() {
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    [ "$2" -gt 0 ] || { say "The $1 suite ran no test that passed."; broken=yes; }
    [ "$5" -eq 0 ] || { say "The $1 suite did not end well (exit code $5)."; broken=yes; }
}

# trx_counter NAME FILE: an attribute of the results file's <Counters>.
trx_counter() { sed -n "s/.*<Counters [^>]*\b$1=\"\([0-9]*\)\".*/\1/p" "$2" | tail -n 1; }

# trx_failures FILE: what failed in it, a line each, with the first line of the reason.
trx_failures() {
    awk '/<UnitTestResult / { name = "" }
        /<UnitTestResult .*outcome="Failed"/ { match($0, /testName="[^"]*"/); name = substr($0, RSTART + 10, RLENGTH - 11) }
        name && /<Message>/ { sub(/.*<Message>/, ""); sub(/<\/Message>.*/, ""); print name ": " $0; name = "" }' "$1" |
        sed "s/&quot;/\"/g; s/&lt;/</g; s/&gt;/>/g; s/&#x[AD];/ /g; s/&amp;/\&/g"
}

run_xunit() {
    local status=0 trx=$results/xunit.trx total executed
    timeout --foreground -k 30 2100 dotnet test tests/Rollout.Engine.Tests -c Release --no-build \
        --logger "trx;LogFileName=$trx" --blame-hang-timeout 5m --blame-hang-dump-type none --results-directory "$results" \
        < /dev/null || status=$?
    if [ ! -s "$trx" ]; then
        add xunit 0 0 0 "$status"
        return
    fi
    trx_failures "$trx" >> "$results/failures"
    total=$(trx_counter total "$trx") executed=$(trx_counter executed "$trx")
    add xunit "$(trx_counter passed "$trx")" "$(trx_counter failed "$trx")" "$((total - executed))" "$status"
}

# Each service only where it is installed: without --setup one may not be.
start_pester_services() {
    local port
    if command -v docker-registry > /dev/null; then
        port=$(free_port)
        start_registry "$work/registry" "$port"
        export ROLLOUT_TEST_REGISTRY=127.0.0.1:$port
    fi
    if command -v docker-registry > /dev/null && command -v htpasswd > /dev/null; then
        port=$(free_port)
        ROLLOUT_TEST_REGISTRY_PASSWORD=$(head -c 18 /dev/urandom | base64 | tr '+/' '-_')
        export ROLLOUT_TEST_REGISTRY_PASSWORD ROLLOUT_TEST_REGISTRY_LOGIN=127.0.0.1:$port
        htpasswd -iBc "$work/htpasswd" rollout <<< "$ROLLOUT_TEST_REGISTRY_PASSWORD" 2> /dev/null
        start_registry "$work/registry-login" "$port" "$work/htpasswd"
    fi
    if command -v haproxy > /dev/null; then
        port=$(free_port)
        export ROLLOUT_TEST_ROUTER=$work/haproxy.sock ROLLOUT_TEST_ROUTER_URI=http://127.0.0.1:$port ROLLOUT_TEST_BACKEND=pester
        sed "s/@PORT@/$port/" tests/setup/haproxy.cfg > "$work/haproxy.cfg"
        start_haproxy "$work" haproxy.cfg "$port" "$work/haproxy.log"
    fi
}

start_pester_prometheus() {
    local port engine=${DOCKER_HOST:-unix:///var/run/docker.sock}
    command -v prometheus > /dev/null && docker_answers || return 0
    port=$(free_port)
    sed "s|@ENGINE@|$engine|" tests/setup/prometheus.yml > "$work/prometheus.yml"
    start prometheus "$work/prometheus.log" prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus" \
        --web.listen-address="127.0.0.1:$port" --log.level=warn
    wait_for prometheus 30 curl -fs "http://127.0.0.1:$port/-/ready"
    export ROLLOUT_TEST_PROMETHEUS=http://127.0.0.1:$port
}

run_pester() {
    local status=0 counts=$results/pester.counts
    dotnet build src/Rollout.Module -t:Stage -c Release -v q < /dev/null || { add Pester 0 0 0 $?; return; }
    start_pester_services
    start_pester_prometheus
    timeout --foreground -k 30 1200 pwsh -NoProfile -NonInteractive -File tests/Module/Invoke-Suite.ps1 "$counts" \
        < /dev/null || status=$?
    local p=0 f=0 s=0
    if [ -s "$counts" ]; then
        read -r p f s < "$counts"
        tail -n +2 "$counts" >> "$results/failures"
    fi
    add Pester "$p" "$f" "$s" "$status"
}

run_suites() {
    run_xunit
    if command -v pwsh > /dev/null && pester_is_there; then
        run_pester
    else
        say "The Pester suite did not run: PowerShell with Pester 5 is not on this machine."
    fi
}

if dotnet build Rollout.sln -c Release -v q < /dev/null; then
    run_suites
else
    say "The solution does not build: no test was run."
    broken=yes
fi

[ ! -s "$results/failures" ] || { say "Failed:"; cat "$results/failures"; }
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ -z "$broken" ]
