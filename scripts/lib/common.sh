# shellcheck shell=bash
# Paths and output functions for every script. Source this file; do not run it.
# Values already set by the Makefile or the caller are kept.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib/places.sh
. "$ROOT/scripts/lib/places.sh"
TOOLS=$RSE_CACHE/tools
PATH=$TOOLS/bin:$ROOT/node_modules/.bin:$PATH
export RSE_CACHE CARGO_TARGET_DIR PATH

# No npm package downloads a browser: the tests use the one on the machine.
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

# Prints the container engine to use. Docker counts only if its server answers.
find_engine() {
  if have docker && timeout 20 docker info >/dev/null 2>&1; then
    echo docker
  elif have podman; then
    echo podman
  else
    return 1
  fi
}

# Runs a command, logs its output, and shows the log only on failure.
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

# Cargo cannot tell apart two clones that share compiled code, but the client's code names files of the
# clone it was compiled in. A different clone has to compile it again.
claim_compiled_client() {
  local owner=$CARGO_TARGET_DIR/front/compiled-in
  [[ $(cat "$owner" 2>/dev/null) == "$ROOT" ]] && return
  touch "$ROOT/src/lib.rs"
  mkdir -p "${owner%/*}"
  echo "$ROOT" >"$owner"
}

# Installs Debian packages as root; without root or apt, says what to install.
apt_install() {
  local sudo=()
  have apt-get || return 1
  if [[ $(id -u) -ne 0 ]]; then
    have sudo || return 1
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get install -y --no-install-recommends "$@" && return 0
  # The package list is probably outdated or missing.
  "${sudo[@]}" apt-get update && "${sudo[@]}" apt-get install -y --no-install-recommends "$@"
}

# Prints the mirror that apt uses for Debian packages.
debian_mirror() {
  # shellcheck disable=SC2016  # apt fills in the names in brackets.
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Identifier: Packages' |
    awk '!debian { found = $1; debian = $2 == "Debian" && $3 == "Debian" } END { print found }'
}
