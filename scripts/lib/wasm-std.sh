# shellcheck shell=bash
# Rust's standard library for wasm32-unknown-unknown, the target for the browser.
# rustup downloads it. If its servers cannot be reached, it is built once from source.

WASM=wasm32-unknown-unknown

install_wasm_std() {
  local version
  version=$(rustc --version | cut -d' ' -f2)
  if wasm_std_works; then
    there "Rust's standard library for $WASM"
    return
  fi
  say "Rust's standard library for $WASM: compiles the part of the dashboard that runs in the browser."
  if have rustup; then
    doing "rustup target add $WASM (at most two minutes)"
    RUSTUP_MAX_RETRIES=0 timeout 120 rustup target add "$WASM" >/dev/null 2>&1 || true
    wasm_std_works && { there "from rustup"; return; }
  fi
  build_wasm_std "$version"
  wasm_std_works || fail "the $WASM library was built, but rustc $version does not find it"
}

# Compiles an empty library: an existing file may belong to a different compiler.
wasm_std_works() {
  ls "$(rustc --print target-libdir --target "$WASM")"/libstd-*.rlib >/dev/null 2>&1 || return 1
  # Write to a temporary folder: run by root, the compiler would replace /dev/null with its file.
  local probe works
  probe=$(mktemp -d)
  echo 'pub fn f() -> String { String::new() }' |
    rustc --crate-type lib --crate-name probe --target "$WASM" --emit metadata --out-dir "$probe" - 2>/dev/null &&
    works=yes
  rm -rf "$probe"
  [[ -n ${works:-} ]]
}

build_wasm_std() {
  local version=$1 work sysroot source libdir
  sysroot=$(rustc --print sysroot)
  source=$sysroot/lib/rustlib/src/rust/library
  libdir=$(rustc --print target-libdir --target "$WASM")
  work=$(mktemp -d)
  # Expanded now on purpose: `work` is local and unset when the trap runs.
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT

  [[ -w $sysroot/lib/rustlib ]] || fail "$sysroot cannot be written" \
    "install the target $WASM of rustc $version with your package manager, or rustup"
  if [[ ! -e $source/Cargo.lock ]]; then
    fetch_rust_source "$version" "$work"
    rm -rf "$source"
    mkdir -p "$(dirname "$source")"
    mv "$work/library" "$source"
  fi

  doing "building it from its source (one minute)"
  mkdir -p "$work/empty/src"
  printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n' >"$work/empty/Cargo.toml"
  : >"$work/empty/src/lib.rs"
  # Building std is unstable; the variable makes the stable compiler do it.
  quietly wasm-std env -C "$work/empty" RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$work/target" RUSTUP_TOOLCHAIN="$(toolchain)" \
    cargo build -Zbuild-std=std,panic_abort,panic_unwind,proc_macro,test --target "$WASM" --release
  mkdir -p "$libdir"
  rm -f "$libdir"/*.rlib
  find "$work/target/$WASM/release/deps" -name '*.rlib' ! -name 'libempty-*' -exec cp -t "$libdir" {} +
}

# Prints the toolchain pinned by the repository, for use outside the repository.
toolchain() {
  if have rustup; then rustup show active-toolchain | cut -d' ' -f1; fi
}

# Puts the `library` folder of exactly this version into the folder $2.
fetch_rust_source() {
  local version=$1 work=$2
  if [[ -n ${RUST_SRC_TARBALL:-} ]]; then
    [[ -r $RUST_SRC_TARBALL ]] || fail "RUST_SRC_TARBALL=$RUST_SRC_TARBALL cannot be read"
    doing "its source, from $RUST_SRC_TARBALL"
    mkdir -p "$work/tarball"
    tar -C "$work/tarball" -xf "$RUST_SRC_TARBALL"
    take_library "$work/tarball" "$work"
  else
    source_from_debian "$version" "$work" || fail "the source of Rust $version, which $WASM needs here, was not found" \
      "Either let \`rustup target add $WASM\` reach its servers, or give the source:" \
      "RUST_SRC_TARBALL=rust-src-$version.tar.xz make setup"
  fi
  drop_missing_members "$work/library/Cargo.toml"
}

# Other folders in the source are also called library; only the right one has a lock file and std.
take_library() {
  local lock
  while read -r lock; do
    [[ -e $(dirname "$lock")/std/Cargo.toml ]] || continue
    mv "$(dirname "$lock")" "$2/library"
    return
  done < <(find "$1" -path '*/library/Cargo.lock')
  fail "there is no library/std in the source of Rust"
}

# Some packages omit the library's tests, which its workspace still lists.
drop_missing_members() {
  local manifest=$1 member
  for member in coretests alloctests; do
    [[ -d $(dirname "$manifest")/$member ]] || sed -i "/^ *\"$member\",\$/d" "$manifest"
  done
}

# Debian packages the source as rust-src, but rarely in the release that the machine runs. A separate
# package list in a temporary folder finds other releases and leaves the machine's list unchanged.
source_from_debian() {
  local version=$1 work=$2 apt=$2/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  local mirror suite package
  have apt-get && [[ -r $keyring ]] || return 1
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || return 1
  doing "its source, from Debian's package rust-src (50 MB)"
  mkdir -p "$apt"/{lists/partial,cache/archives/partial,package}
  for suite in trixie-backports forky sid; do
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite"
  done >"$apt/sources.list"
  local options=(
    -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    # apt's own user cannot enter our temporary folder.
    -o "APT::Sandbox::User=$(id -un)"
  )
  apt-get "${options[@]}" -qq update || return 1
  package=$(apt-cache "${options[@]}" madison rust-src | awk -v v="$version" '{ split($3, part, "[+~-]") } part[1] == v { print $3; exit }')
  [[ -n $package ]] || return 1
  (cd "$apt/package" && apt-get "${options[@]}" -qq download "rust-src=$package") || return 1
  dpkg-deb -x "$apt"/package/rust-src_*.deb "$apt/unpacked"
  take_library "$apt/unpacked" "$work"
}
