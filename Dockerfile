# The dashboard as a container image: `make production-image` builds it, `make image-check` checks it.
#
# What others make comes from these three images, which an organisation can pin by digest or take
# from a mirror of its own. RUST_IMAGE has Rust in the version of rust-toolchain.toml (and says so in
# RUST_VERSION) and a C compiler; BASE_IMAGE has the C library, libgcc, time zones and CA certificates.
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-bookworm
ARG NODE_IMAGE=docker.io/library/node:20-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${NODE_IMAGE} AS node

# The tools: made again when their versions change, and with the lock files.
FROM ${RUST_IMAGE} AS tools
COPY --from=node /usr/local /usr/local
# Otherwise rustup would download what developers use beside the compiler.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION}
ENV RSE_CACHE=/opt/rse-dashboard
ARG CARGO_BUILD_JOBS
WORKDIR /src
COPY rust-toolchain.toml ./
COPY scripts/setup scripts/
COPY scripts/lib scripts/lib
RUN scripts/setup --compilers
COPY Cargo.lock package.json package-lock.json ./
COPY scripts/plotly-bundle.mjs scripts/
RUN scripts/setup

# The dependencies, compiled around an empty dashboard: a change of its code leaves them as they are.
# Cargo wants to see the tests that Cargo.toml names, even where it builds none.
FROM tools AS dependencies
COPY Cargo.toml ./
COPY scripts/build scripts/precompress.mjs scripts/
RUN mkdir -p src style tests \
 && touch src/lib.rs style/main.scss \
    $(awk '/^\[\[test\]\]/ { getline; gsub(/"/, ""); print "tests/" $3 ".rs" }' Cargo.toml) \
 && echo 'fn main() {}' | tee src/main.rs >build.rs \
 && scripts/build \
 && rm -rf src style build.rs target

FROM dependencies AS build
COPY . .
# Files keep the time of their last change, which may lie before that of the empty ones.
RUN touch build.rs src/lib.rs src/main.rs && scripts/build
