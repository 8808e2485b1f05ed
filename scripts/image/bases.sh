# shellcheck shell=bash
# Stand-ins for the three images that the Dockerfile rests on, for a machine that reaches no registry
# of images: made once from Debian's packages and the tools of this machine, and kept in RSE_CACHE.
# They take the same names, so that the Dockerfile is built as it is. Sourced after common.sh and
# cargo-tools.sh.

BASES=$RSE_CACHE/images
# runc, since Debian's crun asks for more of the kernel than a small machine gives.
STORE=(--root "$BASES/storage" --runroot "$BASES/run" --storage-driver overlay)
# Buildah keeps the cache mounts of the Dockerfile below its temporary directory, in buildah-cache. Here
# they stay from one build to the next, as long as RSE_CACHE does.
BUILD_CACHE=$BASES/build
TRUSTED=/etc/ssl/certs/ca-certificates.crt

# What a build needs of Debian: the most that one of the three images holds.
PACKAGES=ca-certificates,g++,libgomp1,libstdc++6,make,netbase,pkg-config,tzdata
# What distroless/cc holds of it, beside a user. The name of OpenSSL's package tells its ABI.
CC_PACKAGES=(base-files netbase tzdata libc6 libgcc-s1 libgomp1 libstdc++6 'libssl3*' ca-certificates)

# base_name NODE_IMAGE: what the Dockerfile rests on by that name, without a digest.
base_name() { sed -n "s/^ARG $1=\([^@]*\).*/\1/p" Dockerfile; }

install_engines() {
  local program missing=()
  for program in buildah podman runc debootstrap; do have "$program" || missing+=("$program"); done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "${missing[*]}: build and run images without a server for it."
  quietly engines apt_install "${missing[@]}" || fail "${missing[*]} could not be installed"
}

make_bases() {
  local kept
  # The compilers and tools that the stand-in for the Rust image takes along.
  scripts/setup
  kept=$({ rustc --version; node --version; wasm_bindgen_version; grep '^ARG .*_IMAGE=' Dockerfile; cat scripts/image/bases.sh; } | cksum)
  if [[ $(cat "$BASES/made" 2>/dev/null) == "$kept" ]]; then
    there "stand-ins for the base images"
    return
  fi
  [[ $(id -u) -eq 0 ]] || fail "the stand-ins for base images can be made by root alone" "or let Docker or Podman reach a registry"
  say "Stand-ins for the base images, from Debian's packages (two minutes, 3 GB)."
  mkdir -p "$BASES"
  quietly base-images make_all
  say "  note: Debian $(cat "$BASES/release") and Node.js $(node --version) stand in for those of the Dockerfile"
  echo "$kept" >"$BASES/made"
}

make_all() {
  local debian=$BASES/debian
  make_debian "$debian"
  make_base "$debian" "$BASES/cc"
  make_node "$debian" "$BASES/node"
  make_rust "$debian"
}

# make_debian FOLDER: a minimal system, of the release that the Dockerfile names if the mirror has it.
make_debian() {
  local folder=$1 mirror wanted release machine
  mirror=$(debian_mirror)
  wanted=$(base_name RUST_IMAGE)
  wanted=${wanted##*-}
  machine=$(. /etc/os-release && echo "$VERSION_CODENAME")
  for release in "$wanted" "$machine"; do
    rm -rf "$folder"
    debootstrap --variant=minbase --include="$PACKAGES" "$release" "$folder" "$mirror" && { cp "$folder/etc/debian_version" "$BASES/release"; return; }
    say "Debian $release could not be had from the mirror."
  done
  return 1
}

# import FOLDER NAME [CHANGE…]: makes an image of it.
import() {
  local folder=$1 name=$2 change options=()
  shift 2
  for change in "$@"; do options+=(--change "$change"); done
  tar -C "$folder" -c . | podman "${STORE[@]}" import "${options[@]}" - "$name"
  rm -rf "$folder"
}

# make_base DEBIAN FOLDER
make_base() {
  local from=$1 to=$2 package packages
  mapfile -t packages < <(dpkg-query --root="$from" --show --showformat '${db:Status-Status} ${Package}\n' "${CC_PACKAGES[@]}" |
    sed -n 's/^installed //p')
  rm -rf "$to"
  mkdir -p "$to"/{tmp,home/nonroot,usr/{bin,lib,lib64,sbin}}
  chmod 1777 "$to/tmp"
  for package in "${packages[@]}"; do dpkg --root="$from" --listfiles "$package"; done | sort -u |
    sed 's|^/||' | grep -v '^\.$' | tar -C "$from" --no-recursion -c -T - | tar -C "$to" -x
  cp "$from$TRUSTED" "$to$TRUSTED"
  rm -rf "$to"/usr/share/{doc,man,locale,lintian}
  echo 'root:x:0:0:root:/root:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$to/etc/passwd"
  echo 'root:x:0:
nonroot:x:65532:' >"$to/etc/group"
  import "$to" "$(base_name BASE_IMAGE)" USER=65532 WORKDIR=/home/nonroot
}

# make_node DEBIAN FOLDER: with the Node.js of this machine, whichever that is.
make_node() {
  local to=$2 npm
  npm=$(dirname "$(realpath "$(command -v npm)")")/..
  rm -rf "$to"
  cp -a "$1" "$to"
  cp "$(realpath "$(command -v node)")" "$to/usr/local/bin/node"
  mkdir -p "$to/usr/local/lib/node_modules"
  cp -a "$(realpath "$npm")" "$to/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$to/usr/local/bin/npm"
  chroot "$to" /usr/sbin/useradd --uid 1000 node
  import "$to" "$(base_name NODE_IMAGE)"
}

# make_rust DEBIAN: with the compiler of this machine, Rust for the browser among it, and with the tools
# that it has compiled already.
make_rust() {
  local to=$1 sysroot version toolchain cargo=/usr/local/cargo rustup=/usr/local/rustup
  sysroot=$(rustc --print sysroot)
  version=$(rustc --version | cut -d' ' -f2)
  toolchain=$version-$(rustc --version --verbose | sed -n 's/^host: //p')
  mkdir -p "$to$cargo/bin" "$to$rustup/toolchains/$toolchain"
  cp "$(realpath "$(command -v rustup)")" "$to$cargo/bin/rustup"
  ln -s rustup "$to$cargo/bin/cargo"
  ln -s rustup "$to$cargo/bin/rustc"
  tar -C "$sysroot" --exclude=share/doc --exclude=lib/rustlib/src -c . | tar -C "$to$rustup/toolchains/$toolchain" -x
  cp "$(command -v cargo-leptos)" "$(command -v wasm-bindgen)" "$to$cargo/bin/"
  # Whoever answers in the place of a package registry is trusted while building, not later.
  cp "$TRUSTED" "$to$TRUSTED"
  import "$to" "$(base_name RUST_IMAGE)" "ENV=RUST_VERSION=$version" "ENV=RUSTUP_HOME=$rustup" "ENV=CARGO_HOME=$cargo" \
    "ENV=PATH=$cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "ENV=NODE_EXTRA_CA_CERTS=$TRUSTED"
}
