#!/usr/bin/env bash
# Puts what the image is made of into root/, which git ignores: nginx from Debian's package, with the libraries it needs, and
# busybox. nginx is unpacked beside the system, not installed, so that no web server appears on this machine.
set -euo pipefail
cd "$(dirname "$0")"
[ ! -x root/usr/sbin/nginx ] || exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(
    cd "$work"
    apt-get download -q nginx
    dpkg-deb -x nginx_*.deb .
) > "$work/log" 2>&1 || {
    cat "$work/log" >&2
    echo "Debian's package nginx could not be had." >&2
    exit 1
}

rm -rf root
mkdir -p root/usr/sbin root/bin root/tmp
chmod 1777 root/tmp
cp /bin/busybox root/bin/busybox
ln -s busybox root/bin/sh
ln -s busybox root/bin/sed
# ldd names each library by its path; the image has them at the same paths.
ldd "$work/usr/sbin/nginx" | grep -o '/[^ ]*' | xargs cp --parents -L -t root
cp "$work/usr/sbin/nginx" root/usr/sbin/nginx
