#!/bin/sh
# Runs a command where a PC/SC daemon of its own can live: a mount and a network namespace in which /run/pcscd is empty,
# the loopback network is up, and vpcd is free of its 44 ms an APDU.
#
#   scripts/private-pcscd.sh [--start-pcscd] COMMAND [ARGUMENT...]
#
# Inside, VITAP_PRIVATE_PCSCD=1. No daemon runs there unless --start-pcscd asks for one, which then lives as long as
# the command. Where no namespace can be made, says so and runs the command on the machine's own PC/SC daemon.
# VITAP_KEEP_DELAYED_ACK=1 leaves the network as it is, to see what vpcd costs without the cure.
# The exit code is the command's; 2 when this script could not prepare what it needs.
set -u
# A user's PATH has no sbin, where ip and pcscd may be.
PATH=$PATH:/usr/sbin:/sbin

say() { echo "private-pcscd: $*" >&2; }

# Before any namespace: the script comes back here with --inside.
enter() {
  # Root of the machine, or root of a user namespace of one's own.
  for rights in '' '--user --map-root-user'; do
    # shellcheck disable=SC2086
    if unshare $rights --mount --net true 2>/dev/null; then
      # shellcheck disable=SC2086
      exec unshare $rights --mount --net -- /bin/sh "$0" --inside "$@"
    fi
  done
  say 'this system gives no private namespace (that needs root, or user namespaces): using its own PC/SC daemon'
  [ "$1" = --start-pcscd ] && shift
  exec "$@"
}

prepare() {
  # A folder made in /run would be seen outside: where there is none, a whole private /run holds it.
  if [ -d /run/pcscd ]; then
    mount -t tmpfs tmpfs /run/pcscd || return 1
  else
    mount -t tmpfs tmpfs /run && mkdir /run/pcscd || return 1
  fi
  ip link set lo up || return 1
  # Debian's vpcd 3.3 sends a message in two pieces without TCP_NODELAY; each APDU then waits for a delayed
  # acknowledgement. With this threshold a socket of this namespace leaves quick acknowledgements much later.
  threshold=/proc/sys/net/ipv4/tcp_pingpong_thresh
  if [ -z "${VITAP_KEEP_DELAYED_ACK:-}" ] && [ -w "$threshold" ]; then
    echo 255 >"$threshold" || say "could not set $threshold: expect 44 ms an APDU"
  fi
  # A socket name of the outside would lead out of here.
  unset PCSCLITE_CSOCK_NAME
  export VITAP_PRIVATE_PCSCD=1
}

start_pcscd() {
  log=/run/pcscd/log
  # It ends with this process, which the command becomes: terminal, signals and exit code are the command's own. A Ctrl-C
  # is not for the daemon.
  setsid setpriv --pdeathsig TERM pcscd --foreground --error >"$log" 2>&1 </dev/null &
  daemon=$!
  tries=0
  until [ -S /run/pcscd/pcscd.comm ]; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 $daemon 2>/dev/null; then
      say 'pcscd did not start:'
      cat "$log" >&2
      return 1
    fi
    sleep 0.05
  done
}

[ "${1:-}" = --inside ] && { inside=1 && shift; } || inside=0
command=${1:-}
[ "$command" = --start-pcscd ] && command=${2:-}
case $command in
  '' | -*)
    echo 'usage: private-pcscd.sh [--start-pcscd] COMMAND [ARGUMENT...]' >&2
    exit 2
    ;;
esac

[ $inside = 1 ] || enter "$@"
prepare || {
  say 'could not prepare the namespace'
  exit 2
}
if [ "$1" = --start-pcscd ]; then
  shift
  start_pcscd || exit 2
fi
exec "$@"
