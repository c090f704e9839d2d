#!/bin/sh
# What a container of Slipway's image runs: server, worker, router, or any command of `slipway`.
# `health` asks the server of the same container; it is for health checks.
set -e
program=/slipway/dist
case ${1:-server} in
  server) exec node --max-semi-space-size=4 --heap-growing-percent=30 --expose-gc "$program/src/main.js" ;;
  worker)
    # `worker` alone is the process; with more words it is the command (`worker add`, `worker list`).
    [ $# -le 1 ] || exec slipway "$@"
    exec node --max-semi-space-size=4 --heap-growing-percent=30 --expose-gc "$program/worker/main.js"
    ;;
  router)
    node "$program/scripts/prepare-router.js"
    exec haproxy -db -f "${SLIPWAY_ROUTER_DIR:-$SLIPWAY_DATA/router}/current/haproxy.cfg"
    ;;
  health) exec node "$program/scripts/health.js" ;;
  sh | node) exec "$@" ;;
  *) exec slipway "$@" ;;
esac
