# The dashboard as a container image: `make production-image` builds it, `make image-check` checks it.
#
# What others make comes from these three images, which an organisation can pin by digest or take
# from a mirror of its own. RUST_IMAGE has the Rust of rust-toolchain.toml (and says so in
# RUST_VERSION) and a C compiler; BASE_IMAGE has the C library, libgcc, time zones and CA certificates.
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-bookworm
ARG NODE_IMAGE=docker.io/library/node:20-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${NODE_IMAGE} AS node

# The dependencies, compiled around an empty dashboard with the options that cargo-leptos gives: a
# change of the dashboard's code, or of an npm package, leaves them as they are.
FROM ${RUST_IMAGE} AS dependencies
COPY --from=node /usr/local /usr/local
# Otherwise rustup would download what developers use beside the compiler.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION}
ENV RSE_CACHE=/opt/rse-dashboard CARGO_TARGET_DIR=/opt/rse-dashboard/target
ARG CARGO_BUILD_JOBS
WORKDIR /src
COPY rust-toolchain.toml ./
COPY scripts/setup scripts/
COPY scripts/lib scripts/lib
RUN scripts/setup --compilers
COPY Cargo.toml Cargo.lock ./
# Cargo wants to see the tests that Cargo.toml names, even where it builds none.
RUN mkdir src tests \
 && touch src/lib.rs $(awk '/^\[\[test\]\]/ { getline; gsub(/"/, ""); print "tests/" $3 ".rs" }' Cargo.toml) \
 && echo 'fn main() {}' | tee src/main.rs >build.rs \
 && cargo build --locked --release --bin rse-dashboard --no-default-features --features ssr \
 && cargo build --locked --profile wasm-release --lib --no-default-features --features hydrate \
    --target wasm32-unknown-unknown --target-dir "$CARGO_TARGET_DIR/front" \
 && rm -r src build.rs

FROM dependencies AS build
COPY package.json package-lock.json ./
COPY scripts/plotly-bundle.mjs scripts/
RUN scripts/setup
COPY build.rs dashboard.toml LICENSE ./
COPY scripts/build scripts/*.mjs scripts/
COPY data data
COPY public public
COPY style style
COPY src src
# Files keep the time of their last change, which may lie before that of the empty ones.
RUN touch build.rs src/lib.rs src/main.rs && scripts/build
RUN mkdir -p /image/opt/rse-dashboard /image/etc/rse-dashboard /image/usr/share/doc/rse-dashboard /data \
 && cp "$CARGO_TARGET_DIR/release/rse-dashboard" "$CARGO_TARGET_DIR/release/hash.txt" /image/opt/rse-dashboard/ \
 && cp -r target/site /image/opt/rse-dashboard/ \
 && cp dashboard.toml /image/etc/rse-dashboard/ \
 && cp LICENSE /image/usr/share/doc/rse-dashboard/ \
 && node scripts/sbom.mjs /image/usr/share/doc/rse-dashboard/sbom.cdx.json

# A Cosmos DB account to try the dashboard with; compose.yaml uses it.
FROM ${NODE_IMAGE} AS stand-in
WORKDIR /src
COPY --from=build /src/node_modules node_modules
COPY --from=build /image/opt/rse-dashboard/rse-dashboard /usr/local/bin/
COPY end2end/stand-ins end2end/stand-ins
RUN RSE_DATA=/tmp rse-dashboard sample --days 60 --stdout >/src/events.ndjson
USER node
CMD ["node", "end2end/stand-ins/cosmos.mjs", "--port", "8443", "--seed", "events.ndjson"]

# What runs. The base has no shell, and so nothing is run here.
FROM ${BASE_IMAGE} AS files
COPY --from=build /image/ /
# The owner by number: not every base has a user of that name.
COPY --from=build --chown=65532:65532 /data /data
# TMPDIR: the only place that can be written, for what SQLite has to put aside.
ENV RSE_ADDR=0.0.0.0 \
    PORT=8050 \
    RSE_DATA=/data \
    TMPDIR=/data \
    RSE_CONFIG=/etc/rse-dashboard/dashboard.toml \
    LEPTOS_SITE_ROOT=/opt/rse-dashboard/site
USER 65532:65532
WORKDIR /opt/rse-dashboard
EXPOSE 8050
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/opt/rse-dashboard/rse-dashboard", "health"]
ENTRYPOINT ["/opt/rse-dashboard/rse-dashboard"]
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=https://github.com/hmcts/rse-dashboard
ARG BASE_IMAGE
LABEL org.opencontainers.image.title="RSE dashboard" \
      org.opencontainers.image.description="Which pipelines fail, where, since when and why; and how exposed the code is." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"

# For whoever wants data in the image: collects them while it is built. The variables of .env.sample
# come as a secret, which no layer keeps: --target with-data --secret id=variables,src=.env
FROM files AS collected
WORKDIR /collect
# What was collected for another build is not taken again.
ARG CREATED=unknown
RUN --mount=type=secret,id=variables,target=/collect/.env,uid=65532,required=true \
    ["/opt/rse-dashboard/rse-dashboard", "sync"]

FROM files AS with-data
COPY --from=collected --chown=65532:65532 /data /data
VOLUME /data

FROM files AS dashboard
VOLUME /data
