# shellcheck shell=bash
# Stand-ins for the three base images of the Dockerfile, for machines that cannot reach an image
# registry. They are made once from Debian packages and this machine's tools, kept in RSE_CACHE, and
# named as the originals, so that the Dockerfile builds unchanged. Source after common.sh and
# cargo-tools.sh.

BASES=$RSE_CACHE/images
# runc, because Debian's crun needs kernel features that a small machine lacks.
STORE=(--root "$BASES/storage" --runroot "$BASES/run" --storage-driver overlay)
# Buildah keeps the Dockerfile's cache mounts in buildah-cache, below its temporary directory. Here they
# persist between builds, as long as RSE_CACHE does.
BUILD_CACHE=$BASES/build
TRUSTED=/etc/ssl/certs/ca-certificates.crt

# The Debian packages that the builds need: the union over the three images.
PACKAGES=ca-certificates,g++,libgomp1,libstdc++6,make,netbase,pkg-config,tzdata
# The packages in distroless/cc, which also has a user. OpenSSL's package name contains its ABI.
CC_PACKAGES=(base-files netbase tzdata libc6 libgcc-s1 libgomp1 libstdc++6 'libssl3*' ca-certificates)

# base_name NODE_IMAGE: prints the Dockerfile's image for that name, without its digest.
base_name() { sed -n "s/^ARG $1=\([^@]*\).*/\1/p" Dockerfile; }

install_engines() {
  local program missing=()
  for program in buildah podman runc debootstrap; do have "$program" || missing+=("$program"); done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "${missing[*]}: build and run images without a server."
  quietly engines apt_install "${missing[@]}" || fail "${missing[*]} could not be installed"
}

make_bases() {
  local kept
  # Compilers and tools to copy into the stand-in for the Rust image.
  scripts/setup
  kept=$({ rustc --version; node --version; wasm_bindgen_version; grep '^ARG .*_IMAGE=' Dockerfile; cat scripts/image/bases.sh; } | cksum)
  if [[ $(cat "$BASES/made" 2>/dev/null) == "$kept" ]]; then
    there "stand-ins for the base images"
    return
  fi
  [[ $(id -u) -eq 0 ]] || fail "only root can make the stand-ins for base images" "or let Docker or Podman reach a registry"
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

# make_debian FOLDER: a minimal system, of the Dockerfile's release if the mirror has it.
make_debian() {
  local folder=$1 mirror wanted release machine
  mirror=$(debian_mirror)
  wanted=$(base_name RUST_IMAGE)
  wanted=${wanted##*-}
  machine=$(. /etc/os-release && echo "$VERSION_CODENAME")
  for release in "$wanted" "$machine"; do
    rm -rf "$folder"
    debootstrap --variant=minbase --include="$PACKAGES" "$release" "$folder" "$mirror" && { cp "$folder/etc/debian_version" "$BASES/release"; return; }
    say "Debian $release is not available from the mirror."
  done
  return 1
}

# import FOLDER NAME [CHANGE…]: makes an image from a folder.
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

# make_node DEBIAN FOLDER: with this machine's Node.js, whatever its version.
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

# make_rust DEBIAN: with this machine's compiler, including Rust for the browser, and the tools that it
# has already compiled.
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
  # A local proxy in front of a package registry is trusted during the build, not afterwards.
  cp "$TRUSTED" "$to$TRUSTED"
  import "$to" "$(base_name RUST_IMAGE)" "ENV=RUST_VERSION=$version" "ENV=RUSTUP_HOME=$rustup" "ENV=CARGO_HOME=$cargo" \
    "ENV=PATH=$cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "ENV=NODE_EXTRA_CA_CERTS=$TRUSTED"
}
