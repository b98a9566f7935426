#!/bin/bash
# fetch.sh CACHE tools     qemu (8.1 or later) and busybox
# fetch.sh CACHE 6.12      the newest stock Debian cloud kernel of that series
#
# Fills the folder CACHE from Debian packages, each once. Nothing is installed, and the lists of this machine's apt
# stay as they are. Exit status 3: the mirror does not offer it; 4: the mirror cannot be reached.
set -euo pipefail

cache=$1 what=$2
say() { echo "fetch.sh: $*" >&2; }
unoffered() { say "$*"; exit 3; }
unreached() { say "$*"; exit 4; }

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || unreached 'needs apt-get and dpkg-deb'
[ "$(dpkg --print-architecture)" = amd64 ] || unreached 'the guests are amd64'
mkdir -p "$cache"
cache=$(cd "$cache" && pwd -P)
work=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The mirror of this machine's own apt, with other suites.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 -E '/debian/?$') ||
  mirror=http://deb.debian.org/debian
security=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 -E '/debian-security/?$') ||
  security=http://deb.debian.org/debian-security

use_suites() {
  local key=/usr/share/keyrings/debian-archive-keyring.gpg state=$cache/apt-$1 suite uri
  shift
  mkdir -p "$state/lists/partial" "$state/archives/partial"
  for suite; do
    case $suite in *-security) uri=$security ;; *) uri=$mirror ;; esac
    echo "deb [signed-by=$key arch=amd64] $uri $suite main"
  done > "$state/sources.list"
  cat > "$state/apt.conf" <<CONF
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$state/lists";
Dir::Cache::archives "$state/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "2";
Debug::NoLocking "true";
CONF
  export APT_CONFIG=$state/apt.conf
  archives=$state/archives
  # A suite that the mirror has put away fails alone.
  [ -n "$(find "$state/lists" -name '*_Packages*' -newermt '-1 day' | head -n1)" ] ||
    apt-get -qq update >&2 || true
  [ -n "$(find "$state/lists" -name '*_Packages*' | head -n1)" ] || unreached "no package lists from $mirror"
}

unpack() { # unpack PACKAGE FOLDER
  mkdir -p "$work/deb" "$2"
  (cd "$work/deb" && apt-get -qq download "$1" >&2) || unreached "cannot download $1"
  dpkg-deb -x "$work"/deb/*.deb "$2"
  rm -r "$work/deb"
}

fetch_tools() {
  local codename version deb
  codename=$(. /etc/os-release; echo "$VERSION_CODENAME")
  use_suites tools "$codename" "$codename-security" "$codename-backports"
  unpack busybox-static "$work/tools"
  # With two processors an older qemu now and then runs code that the guest has just patched; the guest dies of
  # "Oops: int3" where tracepoints are switched. Debian 12 has 7.2, its backports a newer one.
  version=$( (qemu-system-x86_64 --version 2>/dev/null || true) | sed -n '1s/.*version \([0-9.]*\).*/\1/p')
  if ! dpkg --compare-versions "${version:-0}" ge 8.1; then
    local from=()
    version=$(apt-cache policy qemu-system-x86 | sed -n 's/^ *Candidate: //p')
    dpkg --compare-versions "${version#*:}" ge 8.1 || from=(-t "$codename-backports")
    rm -f "$archives"/*.deb
    apt-get -qq -y "${from[@]}" --download-only install qemu-system-x86 >&2 || unreached 'cannot download qemu-system-x86'
    for deb in "$archives"/*.deb; do dpkg-deb -x "$deb" "$work/tools"; done
    rm -f "$archives"/*.deb
    rm -rf "$work"/tools/usr/share/{doc,man,locale,icons}
  fi
  rm -rf "$cache/tools"
  mv "$work/tools" "$cache/tools"
}

fetch_kernel() {
  local series=$1 package part image
  case $series in
    5.10) use_suites bullseye bullseye ;;
    6.1 | 6.12) use_suites bookworm bookworm bookworm-security ;;
    *) use_suites trixie trixie trixie-backports ;;
  esac
  package=$(apt-cache search --names-only "^linux-image-${series//./\\.}\\.[0-9][^-]*(-[0-9]+)?-cloud-amd64\$" |
    cut -d' ' -f1 | sort -V | tail -n1)
  [ -n "$package" ] || unoffered "$mirror has no linux-image-$series.*-cloud-amd64"
  say "getting $package"
  unpack "$package" "$work/kernel"
  image() { find "$work/kernel" \( -name 'vmlinuz-*' -o -path '*/modules/*/vmlinuz' \) -type f | head -n1; }
  # Newer packages of that name only depend on the one that has the image.
  for part in $(apt-cache depends "$package" | sed -n 's/^ *Depends: \(linux-binary-[0-9].*\)/\1/p'); do
    unpack "$part" "$work/kernel"
  done
  [ -n "$(image)" ] || unoffered "no kernel in $package"
  mkdir -p "$cache/kernels/$series"
  echo "$package" > "$cache/kernels/$series/package"
  mv "$(image)" "$cache/kernels/$series/vmlinuz"
}

case $what in
  tools) [ -e "$cache/tools/bin/busybox" ] || fetch_tools ;;
  *) [ -e "$cache/kernels/$what/vmlinuz" ] || fetch_kernel "$what" ;;
esac
