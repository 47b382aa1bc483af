#!/bin/sh
# Installs Apertium's web service and the language pairs of $PAIRS, as Debian packages, and removes what only the
# installation needs. Runs inside a Debian root file system.
set -eu
apt-get update -q
# The web service's package depends on logrotate, and so on cron; the stand-alone sysusers avoids systemd.
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
  systemd-standalone-sysusers apertium-apy ${PAIRS:-apertium-eng-spa}
apt-get clean
rm -rf /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/* /var/log/* /var/cache/*
