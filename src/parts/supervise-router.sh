# sh supervise-router.sh <router's folder> <haproxy>
#
# Runs HAProxy from the folder's newest files and starts it again whenever it ends, after 0.1 s at first and 5 s at
# most, until SIGTERM, which ends both. A shell, so that what has to outlive everything else is as small as can be.
# Two kernel locks: one supervisor in a folder (else exit code 99), and one HAProxy, which holds its own as long as it
# lives, so that a second supervisor waits for the one whose supervisor was killed.
dir=$1
haproxy=$2
umask 077
exec 9>"$dir/supervisor.lock"
flock --nonblock 9 || exit 99

child=
ending=
trap 'ending=1; [ -z "$child" ] || kill "$child" 2>/dev/null' TERM INT HUP

await_child() {
  [ -z "$ending" ] || kill "$child" 2>/dev/null
  wait "$child"
  code=$?
  # A signal interrupts a wait.
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    code=$?
  done
  child=
}

starts=0
pause=1
while [ -z "$ending" ]; do
  starts=$((starts + 1))
  began=$(date +%s)
  flock --no-fork "$dir/run.lock" "$haproxy" -db -f "$dir/current/haproxy.cfg" 9>&- &
  child=$!
  await_child
  [ -z "$ending" ] || exit 0
  lived=$(($(date +%s) - began))
  # Its files or its address are wrong: for the one who started us to tell.
  [ "$starts" -gt 1 ] || [ "$lived" -gt 1 ] || [ "$code" -gt 128 ] || exit "$code"
  [ "$lived" -lt 10 ] || pause=1
  seconds=$((pause / 10)).$((pause % 10))
  echo "supervisor: $(date -u +%FT%TZ) haproxy ended with $code and is started again in $seconds s"
  sleep "$seconds" 9>&- &
  child=$!
  await_child
  pause=$((pause * 2 < 50 ? pause * 2 : 50))
done
