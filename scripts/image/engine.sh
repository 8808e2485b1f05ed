# shellcheck shell=bash
# Docker or Podman, whichever there is. Sourced after common.sh.

# shellcheck disable=SC2034  # What is set here is used where it is sourced.
# Sets ENGINE, the command with its options; a Docker whose server does not answer is none.
find_engine() {
  if have docker && timeout 20 docker info >/dev/null 2>&1; then
    ENGINE=(docker)
  elif have podman; then
    ENGINE=(podman)
  else
    fail "neither Docker nor Podman was found" "install one of them; on Debian: apt-get install podman buildah"
  fi
}

# How an image is built. Podman's own format of images knows no HEALTHCHECK.
find_builder() {
  find_engine
  case ${ENGINE[0]} in
    docker) BUILD=(docker build) ;;
    podman) BUILD=(podman build --format docker --layers) ;;
  esac
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
