# shellcheck shell=bash
# Stand-ins for the three images that the Dockerfile rests on, for a machine that reaches no registry
# of images: made from Debian's packages and the tools of this machine, once, and kept in RSE_CACHE.
# They take the same names, so that the Dockerfile is built as it is. Sourced after common.sh.
# shellcheck disable=SC2153  # TOOLS is of common.sh.

BASES=$RSE_CACHE/images
# runc, since Debian's crun asks for more of the kernel than a small machine gives.
STORE=(--root "$BASES/storage" --runroot "$BASES/run" --storage-driver overlay)
TRUSTED=/etc/ssl/certs/ca-certificates.crt

# What distroless/cc holds of Debian, beside a user.
CC_PACKAGES=(base-files netbase tzdata libc6 libgcc-s1 libgomp1 libstdc++6 libssl3 ca-certificates)

# base_name NODE_IMAGE: what the Dockerfile rests on by that name.
base_name() { sed -n "s/^ARG $1=//p" Dockerfile; }

install_engines() {
  local program missing=()
  for program in buildah podman runc debootstrap; do have "$program" || missing+=("$program"); done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "${missing[*]}: build and run images without a server for it."
  quietly engines apt_install "${missing[@]}" || fail "${missing[*]} could not be installed"
}

make_bases() {
  local kept
  kept=$(rustc --version; cat scripts/image/bases.sh scripts/lib/cargo-tools.sh | cksum)
  if [[ $(cat "$BASES/made" 2>/dev/null) == "$kept" ]]; then
    there "stand-ins for the base images"
    return
  fi
  [[ $(id -u) -eq 0 ]] || fail "the stand-ins for base images can be made by root alone" "or let Docker or Podman reach a registry"
  say "Stand-ins for the base images, from Debian's packages (two minutes, 2 GB)."
  mkdir -p "$BASES"
  quietly base-image make_base
  quietly node-image make_node
  quietly rust-image make_rust
  echo "$kept" >"$BASES/made"
}

# debian FOLDER PACKAGES: a minimal system with these packages.
debian() {
  local mirror
  # shellcheck disable=SC2016  # $(REPO_URI) is for apt to fill in.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Codename: bookworm' | head -n 1)
  rm -rf "$1"
  debootstrap --variant=minbase --include="$2" bookworm "$1" "$mirror"
}

# import FOLDER NAME [CHANGE…]: makes an image of it.
import() {
  local folder=$1 name=$2 change options=()
  shift 2
  for change in "$@"; do options+=(--change "$change"); done
  tar -C "$folder" -c . | podman "${STORE[@]}" import "${options[@]}" - "$name"
  rm -rf "$folder"
}

make_base() {
  local package from=$BASES/debian to=$BASES/cc
  debian "$from" ca-certificates,libgomp1,libssl3,libstdc++6,netbase,tzdata
  rm -rf "$to"
  mkdir -p "$to"/{tmp,home/nonroot,usr/{bin,lib,lib64,sbin}}
  chmod 1777 "$to/tmp"
  for package in "${CC_PACKAGES[@]}"; do dpkg --root="$from" --listfiles "$package"; done | sort -u |
    sed 's|^/||' | grep -v '^\.$' | tar -C "$from" --no-recursion -c -T - | tar -C "$to" -x
  cp "$from$TRUSTED" "$to$TRUSTED"
  rm -rf "$to"/usr/share/{doc,man,locale,lintian} "$from"
  echo 'root:x:0:0:root:/root:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$to/etc/passwd"
  echo 'root:x:0:
nonroot:x:65532:' >"$to/etc/group"
  import "$to" "$(base_name BASE_IMAGE)" USER=65532 WORKDIR=/home/nonroot
}

make_node() {
  local to=$BASES/node node
  node=$(dirname "$(realpath "$(command -v npm)")")/../..
  debian "$to" ca-certificates,libstdc++6
  cp "$(realpath "$(command -v node)")" "$to/usr/local/bin/node"
  mkdir -p "$to/usr/local/lib/node_modules"
  cp -a "$node/npm" "$to/usr/local/lib/node_modules/"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$to/usr/local/bin/npm"
  chroot "$to" /usr/sbin/useradd --uid 1000 node
  import "$to" "$(base_name NODE_IMAGE)"
}

# With this machine's compiler, and with the tools that `make setup` would compile for ten minutes.
make_rust() {
  local to=$BASES/rust sysroot version toolchain cargo=/usr/local/cargo rustup=/usr/local/rustup tools
  sysroot=$(rustc --print sysroot)
  version=$(rustc --version | cut -d' ' -f2)
  toolchain=$(rustc --version --verbose | sed -n 's/^host: //p')
  debian "$to" ca-certificates,g++,make,pkg-config
  mkdir -p "$to$cargo/bin" "$to$rustup/toolchains/$version-$toolchain"
  cp "$(realpath "$(command -v rustup)")" "$to$cargo/bin/rustup"
  ln -s rustup "$to$cargo/bin/cargo"
  ln -s rustup "$to$cargo/bin/rustc"
  tar -C "$sysroot" --exclude=share/doc -c . | tar -C "$to$rustup/toolchains/$version-$toolchain" -x
  tools=$to$(sed -n 's/^ENV RSE_CACHE=\([^ ]*\).*/\1/p' Dockerfile)/tools/bin
  mkdir -p "$tools"
  cp "$TOOLS"/bin/{cargo-leptos,wasm-bindgen} "$tools/"
  # Whoever answers in the place of a package registry is trusted while building, not later.
  cp "$TRUSTED" "$to$TRUSTED"
  import "$to" "$(base_name RUST_IMAGE)" "ENV=RUST_VERSION=$version" "ENV=RUSTUP_HOME=$rustup" "ENV=CARGO_HOME=$cargo" \
    "ENV=PATH=$cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "ENV=NODE_EXTRA_CA_CERTS=$TRUSTED"
}
