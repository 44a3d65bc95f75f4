#!/bin/sh
# System packages that some tests want. Installs what is missing when root on Debian; else says what would.
# With ARGUS_CI set, a package that cannot be installed is a failure.
set -eu

# One group a line: what it is for is told when it is missing. Extend here, and name the package in
# tests.system.require().
wanted() {
    cat <<'LIST'
RTSP cameras: gir1.2-gst-rtsp-server-1.0 gir1.2-gstreamer-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
MQTT: mosquitto
PostgreSQL: postgresql
browser: chromium
LIST
}

give_up() {
    echo "system-packages: $1" >&2
    [ -z "${ARGUS_CI:-}" ] || exit 1
    exit 0
}

command -v dpkg-query >/dev/null 2>&1 ||
    give_up "not a Debian system: tests that need GStreamer's RTSP server, PostgreSQL, Mosquitto or Chromium are skipped unless those are here"

missing=""
for package in $(wanted | cut -d: -f2-); do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

install="apt-get install --yes --no-install-recommends$missing"
[ "$(id -u)" = 0 ] ||
    give_up "some tests will be skipped; they want: sudo $install"

echo "system-packages: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 (a list of words is meant)
if ! { apt-get update && $install; } >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    give_up "they could not be installed (above: why); some tests will be skipped. Again: $install"
fi
echo "system-packages: installed"
