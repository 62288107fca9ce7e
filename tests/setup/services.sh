# Sourced by tests/run.sh and examples/quickstart/run.sh: Debian packages, and services on loopback that end with the script.
#
# What a script starts through `start` is ended by `end_started`, by process id and newest first. Nothing else is ever ended.
# shellcheck shell=bash

started=()

say() { printf '%s\n' "$*"; }

# fail MESSAGE MEND: one line that names the thing, one that says what to do about it.
fail() {
    printf '%s\n  %s\n' "$1" "$2" >&2
    exit 1
}

# missing_packages PACKAGE...: those that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
    done
}

# install_missing PACKAGE...: installs those that are not installed. Their services are not started by it: each script starts
# what it needs itself, on loopback, and ends it again.
install_missing() {
    local missing policy=/usr/sbin/policy-rc.d made_policy=
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Installing ${missing[*]}"
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' > "$policy"
        chmod +x "$policy"
        made_policy=yes
    fi
    local log status=0
    log=$(mktemp)
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"; } \
        > "$log" 2>&1 < /dev/null || status=$?
    [ -z "$made_policy" ] || rm -f "$policy"
    if [ "$status" -ne 0 ]; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install: ${missing[*]}." "Its last lines are above; run as root with Debian's packages reachable."
    fi
    rm -f "$log"
}

# name_ipv6_loopback: the line that Debian's hosts file has for ::1 and some images lack; TLS to a registry is tested under its name.
name_ipv6_loopback() {
    getent hosts ip6-localhost > /dev/null || printf '::1 localhost ip6-localhost ip6-loopback\n' >> /etc/hosts
}

# Debian's own docker CLI; another one may come first on PATH.
docker_cli() { if [ -x /usr/bin/docker ]; then printf '/usr/bin/docker'; else printf 'docker'; fi; }

docker_answers() { timeout 10 "$(docker_cli)" version > /dev/null 2>&1 < /dev/null; }

# start NAME LOG COMMAND...: runs a service in the background, its output in LOG, away from the terminal's Ctrl+C.
start() {
    local name=$1 log=$2
    shift 2
    setsid "$@" > "$log" 2>&1 < /dev/null &
    started+=("$!:$name:$log")
}

# wait_for NAME SECONDS COMMAND...: until COMMAND is true; shows the log of the service and fails when it never is.
wait_for() {
    local name=$1 seconds=$2 entry
    shift 2
    local deadline=$((SECONDS + seconds))
    until "$@" > /dev/null 2>&1; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            for entry in "${started[@]}"; do
                [[ $entry == *":$name:"* ]] && tail -n 20 "${entry##*:}" >&2
            done
            fail "$name did not answer within $seconds s." "Its last lines are above."
        fi
        sleep 0.1
    done
}

end_started() {
    local i pid
    for ((i = ${#started[@]} - 1; i >= 0; i--)); do
        pid=${started[i]%%:*}
        kill "$pid" 2>/dev/null || continue
        wait "$pid" 2>/dev/null || true
    done
    started=()
}

port_taken() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port [FIRST]: FIRST where nothing listens there, else some port below the range that outgoing connections take theirs from.
free_port() {
    local port=${1:-$((20000 + RANDOM % 10000))}
    while port_taken "$port"; do port=$((20000 + RANDOM % 10000)); done
    printf '%s\n' "$port"
}

# try_pwsh DIRECTORY: PowerShell is not in Debian: where there is none it is tried as a dotnet tool, and gone without where that
# cannot be had.
try_pwsh() {
    export PATH=$PATH:$1
    command -v pwsh > /dev/null || timeout 300 dotnet tool install --tool-path "$1" PowerShell > /dev/null 2>&1 < /dev/null || true
}

# start_dockerd DIRECTORY: where none answers. Without rules of iptables it also runs where those are not allowed.
start_dockerd() {
    docker_answers && return 0
    [ -z "${DOCKER_HOST:-}" ] || fail "No Docker engine answers at DOCKER_HOST=$DOCKER_HOST." "Start it, or unset DOCKER_HOST."
    command -v dockerd > /dev/null || fail "No Docker engine answers, and dockerd is not installed." "Run again with --setup."
    say "Starting dockerd"
    start dockerd "$1/dockerd.log" dockerd --host unix:///var/run/docker.sock --ip 127.0.0.1 --iptables=false --ip6tables=false \
        --ip-masq=false --ip-forward=false
    wait_for dockerd 60 docker_answers
}

# start_registry DIRECTORY PORT [HTPASSWD]: a registry that keeps its blobs in DIRECTORY; with HTPASSWD it wants a login.
start_registry() {
    local directory=$1 port=$2 htpasswd=${3:-}
    mkdir -p "$directory/blobs"
    {
        printf 'version: 0.1\nlog: { level: warn }\n'
        printf 'storage: { filesystem: { rootdirectory: "%s/blobs" }, delete: { enabled: true } }\n' "$directory"
        printf 'http: { addr: "127.0.0.1:%s" }\n' "$port"
        [ -z "$htpasswd" ] || printf 'auth: { htpasswd: { realm: tests, path: "%s" } }\n' "$htpasswd"
    } > "$directory/config.yml"
    start "docker-registry on port $port" "$directory/registry.log" docker-registry serve "$directory/config.yml"
    wait_for "docker-registry on port $port" 30 port_taken "$port"
}

# start_haproxy DIRECTORY CONFIG PORT LOG: paths in CONFIG, such as the socket's, are relative to DIRECTORY.
start_haproxy() {
    start haproxy "$4" haproxy -db -C "$1" -f "$2"
    wait_for haproxy 30 port_taken "$3"
}
