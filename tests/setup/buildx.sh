#!/usr/bin/env bash
# Puts docker's buildx plugin beside the system, as docker-buildx in the directory given: Debian 12 has no package of it, so it is
# taken out of Debian 13's, from the mirror that apt already uses. Nothing is installed.
#
#   bash tests/setup/buildx.sh DIRECTORY
set -euo pipefail
directory=${1:?name a directory}
[ ! -x "$directory/docker-buildx" ] || exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/package"

# The mirror of this release's main component; both releases are signed with keys of the one keyring.
. /etc/os-release
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v release="$VERSION_CODENAME" '$2 == release && $3 == "main" && !found++ { print $1 }')
[ -n "$mirror" ] || { echo "apt has no mirror of $VERSION_CODENAME main." >&2; exit 1; }
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ ! -e "$keyring" ] || signed="[signed-by=$keyring] "
echo "deb ${signed:-}$mirror trixie main" > "$work/trixie.list"

options=(-qq -o "Dir::Etc::SourceList=$work/trixie.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache"
    -o Acquire::Languages=none -o APT::Sandbox::User=root)
apt-get "${options[@]}" update
(cd "$work" && apt-get "${options[@]}" download docker-buildx)

dpkg-deb -x "$work"/docker-buildx_*.deb "$work/package"
mkdir -p "$directory"
install -m 755 "$work/package/usr/libexec/docker/cli-plugins/docker-buildx" "$directory/docker-buildx"
