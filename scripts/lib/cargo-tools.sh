# shellcheck shell=bash
# Programs from crates.io that build and check the dashboard. Unless the machine has the right versions, they are
# installed in the dashboard's cache directory, so that other projects keep theirs.

CARGO_LEPTOS_VERSION=0.3.10
CARGO_AUDITABLE_VERSION=0.7.7
CARGO_DENY_VERSION=0.20.2
CARGO_FUZZ_VERSION=0.13.2

install_cargo_leptos() {
  install_cargo_tool cargo-leptos "$CARGO_LEPTOS_VERSION" "nine minutes on two cores" \
    "builds server and client together, and watches for changes" --no-default-features --features no_downloads
}

install_wasm_bindgen() {
  local bindgen
  bindgen=$(wasm_bindgen_version)
  install_cargo_tool wasm-bindgen-cli "$bindgen" "one and a half minutes" \
    "binds the client to the browser; must be of the same version as in Cargo.lock"
}

wasm_bindgen_version() {
  awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3; exit }' "$ROOT/Cargo.lock"
}

install_cargo_auditable() {
  install_cargo_tool cargo-auditable "$CARGO_AUDITABLE_VERSION" "half a minute" \
    "writes the list of its crates into the program, for scanners of images"
}

# Only for `make lint` and `make audit`.
install_cargo_deny() {
  install_cargo_tool cargo-deny "$CARGO_DENY_VERSION" "one and a half minutes" \
    "checks where crates come from, and whether vulnerabilities of them are known"
}

# Only for `make fuzz`.
install_cargo_fuzz() {
  install_cargo_tool cargo-fuzz "$CARGO_FUZZ_VERSION" "half a minute" "runs fuzz targets under libFuzzer"
}

# install_cargo_tool PACKAGE VERSION TIME WHY [OPTIONS of cargo install]
install_cargo_tool() {
  local package=$1 version=$2 time=$3 why=$4
  shift 4
  if tool_is "$package" "$version"; then
    there "$package $version"
    return
  fi
  say "$package $version: $why."
  mkdir -p "$TOOLS"
  # Use cargo-binstall where the machine has it.
  if have cargo-binstall; then
    doing "downloading it"
    timeout 300 cargo binstall --no-confirm --disable-strategies compile --root "$TOOLS" "$package@$version" >/dev/null 2>&1 || true
    tool_is "$package" "$version" && { there "prebuilt"; return; }
  fi
  doing "compiling it, once ($time)"
  # The tool's own release profile spends a long time optimising what runs for seconds here.
  quietly "$package" twice env \
    CARGO_TARGET_DIR="$TOOLS/build" \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=false \
    cargo install "$package" --version "$version" --locked --force --root "$TOOLS" "$@"
}

# Retries after a temporary failure; a build of many minutes continues where it stopped.
twice() { "$@" || "$@"; }

tool_is() {
  case $1 in
    cargo-leptos) [[ $(cargo-leptos --version 2>/dev/null) == *" $2" ]] ;;
    # It does not print its own version.
    cargo-auditable) [[ -x $TOOLS/bin/cargo-auditable ]] && grep -q "^\"$1 $2 " "$TOOLS/.crates.toml" ;;
    cargo-deny) [[ $(cargo-deny --version 2>/dev/null) == *" $2" ]] ;;
    cargo-fuzz) [[ $(cargo-fuzz --version 2>/dev/null) == *" $2" ]] ;;
    wasm-bindgen-cli) [[ $(wasm-bindgen --version 2>/dev/null) == *" $2" ]] ;;
  esac
}
