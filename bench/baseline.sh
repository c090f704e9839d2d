#!/bin/sh
# The shell script that people write: clone, build, test, push, start, health, switch, one after the other with the
# plain command lines. No sleeps but the pauses between health checks, which are Slipway's: first at once, then from
# 50 ms doubling to 500 ms, two passes in a row.
#
#   baseline.sh begin             a router of its own (HAProxy)
#   baseline.sh deploy VERSION    from the repository's main to the public host; exits 0 when it serves VERSION
#   baseline.sh tidy              removes what the last switch replaced
#   baseline.sh end               removes everything
#
# Environment: DOCKER DOCKER_HOST REPOSITORY REGISTRY WORK TEST_COMMAND PUBLIC_HOST PORT
set -eu

socket="$WORK/haproxy.sock"
export DOCKER_BUILDKIT=1

begin() {
  mkdir -p "$WORK"
  cat >"$WORK/haproxy.cfg" <<EOF
global
  stats socket $socket level admin
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
frontend public
  bind 127.0.0.1:$PORT
  default_backend app
backend app
  server live 127.0.0.1:1 disabled
EOF
  haproxy -D -p "$WORK/haproxy.pid" -f "$WORK/haproxy.cfg"
}

deploy() {
  version=$1
  image="$REGISTRY/bench/script:$version"
  rm -rf "$WORK/checkout"
  git clone -q --depth 1 "$REPOSITORY" "$WORK/checkout"
  "$DOCKER" build -q -t "$image" "$WORK/checkout"
  "$DOCKER" run --rm "$image" sh -c "cd /app && $TEST_COMMAND"
  "$DOCKER" push -q "$image"
  "$DOCKER" run -d --name "bench-script-$version" --label bench.script=1 "$image"
  address=$("$DOCKER" inspect -f '{{.NetworkSettings.IPAddress}}' "bench-script-$version")
  wait_healthy "http://$address:8080/healthz"
  runtime "set server app/live addr $address port 8080"
  runtime "set server app/live state ready"
  curl -fsS -H "Host: $PUBLIC_HOST" "http://127.0.0.1:$PORT/" | grep -q "\"$version\""
  if [ -f "$WORK/live" ]; then mv "$WORK/live" "$WORK/old"; fi
  echo "bench-script-$version" >"$WORK/live"
}

wait_healthy() {
  passes=0
  pause=0.025
  while :; do
    if curl -fsS -o /dev/null "$1" 2>/dev/null; then
      passes=$((passes + 1))
      pause=0.05
    else
      passes=0
      case $pause in 0.025) pause=0.05 ;; 0.05) pause=0.1 ;; 0.1) pause=0.2 ;; 0.2) pause=0.4 ;; *) pause=0.5 ;; esac
    fi
    if [ "$passes" -ge 2 ]; then return; fi
    sleep "$pause"
  done
}

runtime() {
  echo "$1" | socat - "unix-connect:$socket"
}

tidy() {
  if [ -f "$WORK/old" ]; then "$DOCKER" rm -f "$(cat "$WORK/old")" && rm "$WORK/old"; fi
}

end() {
  containers=$("$DOCKER" ps -aq --filter label=bench.script=1)
  if [ -n "$containers" ]; then echo "$containers" | xargs "$DOCKER" rm -f; fi
  images=$("$DOCKER" images -q "$REGISTRY/bench/script")
  if [ -n "$images" ]; then echo "$images" | sort -u | xargs "$DOCKER" rmi -f; fi
  if [ -f "$WORK/haproxy.pid" ]; then kill "$(cat "$WORK/haproxy.pid")"; fi
  rm -rf "$WORK"
}

"$@"
