#!/usr/bin/env bash
# Rollout's main job from end to end, on this machine, on loopback: an image is built, pushed to a registry, rolled out behind HAProxy,
# replaced under load, and a broken version is caught and undone.
#
#   bash examples/quickstart/run.sh --setup          as root on Debian 12: installs and starts what is missing first
#   bash examples/quickstart/run.sh                  installs nothing
#   bash examples/quickstart/run.sh --setup --keep   leaves all of it running, to look at
#   bash examples/quickstart/run.sh --stop           ends what --keep left
#
# With PowerShell on PATH the steps are Deploy.ps1 and cmdlets; without, the same chain runs through the C# program in
# examples/embedding. Every step is a process of its own: what is known about the shop is kept with its containers.
#
#   QUICKSTART_PORT            the router's port (8088)
#   QUICKSTART_REGISTRY_PORT   the registry's port (5000, or a free one where that is taken)
set -euo pipefail
cd "$(dirname "$0")"
. ../../tests/setup/services.sh

packages=(ca-certificates curl git docker.io docker-registry haproxy busybox-static wrk)
kept=$PWD/.kept
tools=$PWD/../../out/tools
setup='' keep='' stop=''
for argument in "$@"; do
    case $argument in
        --setup) setup=yes ;;
        --keep) keep=yes ;;
        --stop) stop=yes ;;
        *) fail "run.sh does not know '$argument'." "Give --setup, --keep or --stop." ;;
    esac
done

export QUICKSTART_PORT=${QUICKSTART_PORT:-8088}
# No build server is left behind.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off NO_COLOR=1
site=http://127.0.0.1:$QUICKSTART_PORT

step() { printf '\n== %s\n' "$*"; }

# --- what it leaves, and how that is taken away -------------------------------------------------------------------------------------

shop_containers() { "$(docker_cli)" ps -aq --filter label=rollout.pwsh.name=shop; }
shop_images() { "$(docker_cli)" images -q --filter label=rollout.example=quickstart | sort -u; }

remove_shop() {
    shop_containers | xargs -r "$(docker_cli)" rm -f -v > /dev/null
    shop_images | xargs -r "$(docker_cli)" rmi -f > /dev/null
}

# A process's start time tells it from a later one with the same id.
start_time() { cut -d ')' -f 2 "/proc/$1/stat" 2> /dev/null | cut -d ' ' -f 21; }

write_kept() {
    local entry pid
    {
        printf '%s\n' "$work"
        for entry in "${started[@]}"; do
            pid=${entry%%:*}
            printf '%s %s\n' "$pid" "$(start_time "$pid")"
        done
    } > "$kept"
}

end_kept() {
    local directory processes pid since
    { read -r directory; mapfile -t processes; } < "$kept"
    remove_shop
    for ((i = ${#processes[@]} - 1; i >= 0; i--)); do
        read -r pid since <<< "${processes[i]}"
        [ "$(start_time "$pid")" = "$since" ] || continue
        kill "$pid"
        while [ "$(start_time "$pid")" = "$since" ]; do sleep 0.1; done
    done
    rm -rf "$directory" "$kept" haproxy.sock
}

if [ -n "$stop" ]; then
    [ -e "$kept" ] || fail "No quickstart was kept here." "Nothing is to be stopped."
    end_kept
    say "Ended."
    exit 0
fi

[ ! -e "$kept" ] || fail "A quickstart kept earlier is still here." "End it first: bash examples/quickstart/run.sh --stop"

finish() {
    local status=$?
    trap - EXIT
    if [ -n "$keep" ] && [ "$status" -eq 0 ]; then
        write_kept
        say ""
        say "It is still there: $site, the registry at $registry, the router's socket at $PWD/haproxy.sock."
        say "End it with: bash examples/quickstart/run.sh --stop"
        exit 0
    fi
    [ -z "$checked" ] || remove_shop || true
    end_started
    rm -rf "$work" haproxy.sock
    exit "$status"
}

# --- the machine --------------------------------------------------------------------------------------------------------------------

work=$(mktemp -d)
checked=
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -n "$setup" ]; then
    [ "$(id -u)" = 0 ] || fail "--setup installs packages and starts an engine, which needs root." "Run it as root."
    install_missing "${packages[@]}"
    try_pwsh "$tools"
else
    missing=$(missing_packages "${packages[@]}" | paste -sd ' ')
    [ -z "$missing" ] || fail "Not installed: $missing." "Run again with --setup, or install them."
fi
command -v dotnet > /dev/null || fail "The .NET SDK is not installed." "Install the .NET 10 SDK."
! port_taken "$QUICKSTART_PORT" || fail "Port $QUICKSTART_PORT, where the router is to listen, is taken." "Name another: QUICKSTART_PORT=8089"
if [ -n "${QUICKSTART_REGISTRY_PORT:-}" ] && port_taken "$QUICKSTART_REGISTRY_PORT"; then
    fail "Port $QUICKSTART_REGISTRY_PORT, where the registry is to listen, is taken." "Name another, or none for a free one."
fi

start_dockerd "$work"
[ -z "$(shop_containers)" ] || fail "This engine runs a workload docker/shop already, which the quickstart would replace." \
    "Use another engine (DOCKER_HOST), or remove the containers with the label rollout.pwsh.name=shop."
checked=yes

registry=127.0.0.1:$(free_port "${QUICKSTART_REGISTRY_PORT:-5000}")
start_registry "$work/registry" "${registry#*:}"
start_haproxy "$PWD" haproxy.cfg "$QUICKSTART_PORT" "$work/haproxy.log"
bash shop/prepare.sh
say "Registry at $registry, HAProxy at $site with the socket $PWD/haproxy.sock and an empty backend."

# --- how the steps are run ----------------------------------------------------------------------------------------------------------

# quiet COMMAND...: its output only where it fails.
quiet() {
    "$@" > "$work/quiet.log" 2>&1 < /dev/null || {
        cat "$work/quiet.log" >&2
        fail "Did not succeed: $*." "What it said is above."
    }
}

if command -v pwsh > /dev/null; then
    say "Building the module, for PowerShell $(pwsh --version | cut -d ' ' -f 2)."
    quiet dotnet build ../../src/Rollout.Module -t:Stage -c Release -v q
    deploy() { pwsh -NoProfile -NonInteractive -File Deploy.ps1 -Version "$1" -Health "${2:-200}" -Registry "$registry" -Site "$site" < /dev/null; }
    cmdlet() {
        printf 'PS> %s\n' "$1"
        pwsh -NoProfile -NonInteractive -Command "\$ErrorActionPreference = 'Stop'; Import-Module ../../Rollout.psd1; $1" < /dev/null
    }
    show() { cmdlet 'Get-Rollout docker/shop' && cmdlet 'Get-RolloutHistory docker/shop'; }
    undo() { cmdlet 'Get-Rollout docker/shop | Undo-Rollout -Force'; }
else
    say "PowerShell is not here: the C# program in examples/embedding does the same through Rollout.Engine."
    quiet dotnet build ../embedding -c Release -v q
    embedding() { dotnet ../embedding/bin/Release/net10.0/embedding.dll "$@" < /dev/null; }
    deploy() { embedding deploy "$registry" "$site" "$1" "${2:-200}"; }
    show() { embedding show; }
    undo() { embedding undo; }
fi

fault() { fail "$1" "This is a fault of Rollout: please report it with the output above."; }

site_says() { curl -sS --max-time 5 "$site/"; }

expect() {
    local says
    says=$(site_says)
    say "$site says: $says"
    [ "$says" = "shop $1" ] || fault "The site should say: shop $1."
}

# under_load COMMAND...: while wrk asks the site for pages as fast as it can; a single failed request fails the quickstart.
under_load() {
    local status=0 wrk
    start wrk "$work/load.log" wrk -t 1 -c 4 -d 300s "$site/"
    wrk=${started[-1]%%:*}
    "$@" || status=$?
    kill -INT "$wrk" 2> /dev/null || true
    wait "$wrk" || true
    unset 'started[-1]'
    say "Under load: $(sed -n 's/^ *\([0-9]*\) requests in \([0-9.]*[a-z]*\),.*/\1 requests in \2/p' "$work/load.log")," \
        "$(sed -n 's/^Requests\/sec: *\([0-9]*\).*/\1 a second/p' "$work/load.log"), $(failed_requests) failed"
    [ "$(failed_requests)" = 0 ] || fault "Requests failed while it was replaced."
    return "$status"
}

# wrk names failures only where there are some.
failed_requests() {
    grep -q 'requests in' "$work/load.log" || { echo unknown; return; }
    sed -n 's/.*Socket errors: connect \([0-9]*\), read \([0-9]*\), write \([0-9]*\), timeout \([0-9]*\).*/\1 \2 \3 \4/p
            s/.*Non-2xx or 3xx responses: \([0-9]*\).*/\1/p' "$work/load.log" | awk '{ for (i = 1; i <= NF; i++) n += $i } END { print n + 0 }'
}

# --- the main job -------------------------------------------------------------------------------------------------------------------

step "v1.2.0 goes live"
deploy v1.2.0
expect v1.2.0

step "v1.3.0 replaces it under load"
under_load deploy v1.3.0
expect v1.3.0

step "v1.4.0 is broken: its /healthz answers 500"
caught=0
under_load deploy v1.4.0 500 || caught=$?
[ "$caught" -eq 2 ] || fault "v1.4.0 should have been caught and taken back."
expect v1.3.0

step "Where it stands, and what ran before"
show

step "Back to v1.2.0: the old containers are started again, nothing is pulled"
under_load undo
expect v1.2.0

step "All of it went as it should."
