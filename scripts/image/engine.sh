# shellcheck shell=bash
# shellcheck disable=SC2034  # What is set here is used where it is sourced.
# How images are built and run by the program that find_engine names. Sourced after common.sh.

# Sets ENGINE, the command with its options, and BUILD, how it builds an image.
use_engine() {
  local engine
  engine=$(find_engine) || fail "neither Docker nor Podman was found" "install one of them; on Debian: apt-get install podman buildah"
  ENGINE=("$engine")
  BUILD=("$engine" build)
  # Podman's own format of images knows no HEALTHCHECK.
  if [[ $engine == podman ]]; then BUILD+=(--format docker --layers); fi
}

# What the image says of itself.
label_options() {
  printf -- '--build-arg\n%s\n' \
    "VERSION=$(awk -F'"' '/^version = / { print $2; exit }' Cargo.toml)" \
    "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
    "CREATED=$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    "SOURCE=${SOURCE_URL:-https://github.com/hmcts/rse-dashboard}"
}

# The images that others make, where an organisation has its own.
base_options() {
  local name
  for name in RUST_IMAGE NODE_IMAGE BASE_IMAGE; do
    if [[ -n ${!name:-} ]]; then printf -- '--build-arg\n%s\n' "$name=${!name}"; fi
  done
}

# What a server in production may do: nothing but answer, and write to its data directory.
HARDENED=(--read-only --cap-drop=ALL --security-opt no-new-privileges)
