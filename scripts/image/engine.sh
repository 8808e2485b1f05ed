# shellcheck shell=bash
# shellcheck disable=SC2034  # Variables set here are used by the scripts that source this file.
# Builds and runs images with the engine that find_engine names. Source after common.sh.

# Sets ENGINE, the command with its options, and BUILD, the build command.
use_engine() {
  local engine
  engine=$(find_engine) || fail "neither Docker nor Podman was found" "install one of them; on Debian: apt-get install podman buildah"
  ENGINE=("$engine")
  BUILD=("$engine" build)
  # Podman's own image format does not support HEALTHCHECK.
  if [[ $engine == podman ]]; then BUILD+=(--format docker --layers); fi
}

# Build arguments for the image's labels.
label_options() {
  printf -- '--build-arg\n%s\n' \
    "VERSION=$(awk -F'"' '/^version = / { print $2; exit }' Cargo.toml)" \
    "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
    "CREATED=$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    "SOURCE=${SOURCE_URL:-https://github.com/hmcts/rse-dashboard}"
}

# Base images that replace the defaults, if the organisation has its own.
base_options() {
  local name
  for name in RUST_IMAGE NODE_IMAGE BASE_IMAGE; do
    if [[ -n ${!name:-} ]]; then printf -- '--build-arg\n%s\n' "$name=${!name}"; fi
  done
}

# Production restrictions: the server only answers requests and writes to its data directory.
HARDENED=(--read-only --cap-drop=ALL --security-opt no-new-privileges)
