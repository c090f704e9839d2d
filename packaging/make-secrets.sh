#!/bin/sh
# sh packaging/make-secrets.sh [folder]: the secrets that compose.yml names, at random, where there are none yet. As root,
# or as user 1000, which Slipway's containers run as.
set -e
umask 077
dir=${1:-secrets}
mkdir -p "$dir"
cd "$dir"
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
put() {
  [ -e "$1" ] || printf '%s\n' "$2" > "$1"
}
put postgres-password "$(random)"
put redis-password "$(random)"
put webhook-secrets "$(random)"
put database-url "postgres://slipway:$(cat postgres-password)@127.0.0.1:${POSTGRES_PORT:-5432}/slipway"
put redis-url "redis://:$(cat redis-password)@127.0.0.1:${REDIS_PORT:-6379}"
put redis.conf "appendonly yes
appendfsync everysec
maxmemory-policy noeviction
dir /data
requirepass $(cat redis-password)"
# Filled with the token that `slipway worker add` prints.
[ -e worker-token ] || : > worker-token
# Containers read the files as they are mounted; on this machine the folder is closed to all but its owner.
chmod 444 ./*
chmod 700 .
[ "$(id -u)" -ne 0 ] || chown -R 1000:1000 .
echo "secrets: $(pwd)"
