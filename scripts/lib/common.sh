# shellcheck shell=bash
# What every script needs: where things are and how to speak. Sourced, never run.
# Values that the Makefile or the caller has already set are kept.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib/places.sh
. "$ROOT/scripts/lib/places.sh"
TOOLS=$RSE_CACHE/tools
PATH=$TOOLS/bin:$ROOT/node_modules/.bin:$PATH
export RSE_CACHE CARGO_TARGET_DIR PATH

# No npm package may fetch a browser of its own: the tests use the machine's.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

say() { printf '%s\n' "$@"; }
there() { printf '  ok    %s\n' "$*"; }
doing() { printf '  ...   %s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Prints the program that builds and runs containers; a Docker whose server does not answer is none.
find_engine() {
  if have docker && timeout 20 docker info >/dev/null 2>&1; then
    echo docker
  elif have podman; then
    echo podman
  else
    return 1
  fi
}

# Runs a command with its output in a log, which is shown only if the command fails.
quietly() {
  local log=$RSE_CACHE/logs/$1.log seconds=$SECONDS
  shift
  mkdir -p "$RSE_CACHE/logs"
  if "$@" >"$log" 2>&1; then
    there "done in $((SECONDS - seconds)) s"
  else
    tail -n 40 "$log" >&2
    fail "\`$*\` failed" "the whole output is in $log"
  fi
}

# Cargo takes two clones for one when they share compiled code, but the client's code names files of the
# clone that it was compiled in: for another, it has to be compiled again.
claim_compiled_client() {
  local owner=$CARGO_TARGET_DIR/front/compiled-in
  [[ $(cat "$owner" 2>/dev/null) == "$ROOT" ]] && return
  touch "$ROOT/src/lib.rs"
  mkdir -p "${owner%/*}"
  echo "$ROOT" >"$owner"
}

# Debian packages need root; elsewhere the caller is told what to install.
apt_install() {
  local sudo=()
  have apt-get || return 1
  if [[ $(id -u) -ne 0 ]]; then
    have sudo || return 1
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get install -y --no-install-recommends "$@" && return 0
  # The usual reason is a package list that is too old, or none at all.
  "${sudo[@]}" apt-get update && "${sudo[@]}" apt-get install -y --no-install-recommends "$@"
}

# Prints the mirror that the machine's apt takes Debian's packages from.
debian_mirror() {
  # shellcheck disable=SC2016  # The names in brackets are for apt to fill in.
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Identifier: Packages' |
    awk '!debian { found = $1; debian = $2 == "Debian" && $3 == "Debian" } END { print found }'
}
