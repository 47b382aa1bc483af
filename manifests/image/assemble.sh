#!/bin/sh
# Assembles the root file system of the product's image: assemble.sh FOLDER-OF-PROGRAMS CERTIFICATES ROOT, from the checkout's root.
set -eu
programs=$1 certificates=$2 root=$3
mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/usr/share/doc/subtitle-operator"
for program in subtitle-operator subtitles; do
  install -m 0755 "$programs/$program" "$root/usr/local/bin/$program"
done
# One executable under three names: workers/src/program/mod.rs.
ln -sf subtitles "$root/usr/local/bin/subtitle-downloader"
ln -sf subtitles "$root/usr/local/bin/subtitle-translator"
install -m 0644 "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"
install -m 0644 LICENSE manifests/image/sbom.spdx.json "$root/usr/share/doc/subtitle-operator/"
