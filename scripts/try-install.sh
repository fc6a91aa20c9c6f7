#!/bin/sh
# Installs the packed package where there is no compiler and no PC/SC header, and taps a card through pcscd with it:
# the optional nfc-pcsc cannot be built there and is left out, and PC/SC goes by FFI. Then again under the other Nodes,
# without installing anew. Needs the network, for npm; so it is no part of the tests on real parts.
#
#   scripts/try-install.sh
#
# The exit code is 0 when every tap read the card; 2 when this machine gives no private mount namespace.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)

if [ "${1:-}" != --inside ]; then
  for rights in '' '--user --map-root-user'; do
    # shellcheck disable=SC2086
    if unshare $rights --mount true 2>/dev/null; then
      # shellcheck disable=SC2086
      exec unshare $rights --mount -- /bin/sh "$0" --inside
    fi
  done
  echo 'try-install: this system gives no private mount namespace' >&2
  exit 2
fi

FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
node "$ROOT/scripts/other-nodes.mjs" >"$FOLDER/nodes"
(cd "$ROOT" && npm pack --silent --ignore-scripts --pack-destination "$FOLDER" >/dev/null)

# Whatever could compile, and the headers of PC/SC.
for each in cc c++ gcc g++ make clang cpp ld; do
  for folder in /usr/local/bin /usr/bin /bin; do
    if [ -x "$folder/$each" ]; then mount --bind /dev/null "$(readlink -f "$folder/$each")"; fi
  done
done
if [ -d /usr/include/PCSC ]; then mount -t tmpfs tmpfs /usr/include/PCSC; fi
if gcc --version >/dev/null 2>&1; then echo 'try-install: a compiler is still there' >&2; exit 2; fi

cd "$FOLDER"
echo '{ "name": "empty", "private": true }' >package.json
npm install --no-audit --no-fund --loglevel=error ./vitap-*.tgz
if [ -d node_modules/nfc-pcsc ]; then echo 'try-install: nfc-pcsc was built after all' >&2; exit 2; fi

for node in node $(cat nodes); do
  echo "== $($node --version)"
  # shellcheck disable=SC2016
  "$ROOT/scripts/private-pcscd.sh" --start-pcscd /bin/sh -c '
    "$0" node_modules/vitap/bin/vitap.js emulate --link vpcd --profile vitale2 >emulate.txt 2>&1 &
    card=$!
    "$0" node_modules/vitap/bin/vitap.js tap --reader pcsc --timeout 20 >tap.txt; status=$?
    kill -INT $card; wait $card
    head -n 1 tap.txt
    [ $status = 0 ] && grep -q "(by FFI)" tap.txt && grep "ZOE ADRUN" tap.txt' "$node"
done
