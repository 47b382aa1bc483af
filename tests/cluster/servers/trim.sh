#!/bin/sh
# Removes what only installing needs.
set -eu
apt-get clean
rm -rf /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/* /var/log/* /var/cache/*
