# The dashboard as a container image: `make production-image` builds it, `make image-check` checks it.
#
# The three images that it is made from. An organisation can name others: a mirror of its own, or a
# digest beside the tag, which Renovate adds (renovate.json). RUST_IMAGE has the Rust of
# rust-toolchain.toml (and says so in RUST_VERSION) and a C compiler; BASE_IMAGE has the C library,
# libgcc, time zones and CA certificates.
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-trixie
ARG NODE_IMAGE=docker.io/library/node:24-trixie-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian13:nonroot

FROM ${NODE_IMAGE} AS node

FROM ${RUST_IMAGE} AS build
COPY --from=node /usr/local /usr/local
# Otherwise rustup would download what developers use beside the compiler.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION}
# Everything that is worth keeping from one build to the next lies below one folder, a cache mount:
# tools, downloaded crates and npm packages, compiled dependencies. No layer holds it. The mount is
# shared, since Cargo locks what it writes to (and Buildah 1.28 waits for ever for a locked one).
ENV RSE_CACHE=/var/cache/rse-dashboard
ENV CARGO_HOME=$RSE_CACHE/cargo npm_config_cache=$RSE_CACHE/npm
ARG CARGO_BUILD_JOBS
WORKDIR /src
# Rust for the browser belongs to the compiler, so that it is in a layer.
COPY rust-toolchain.toml ./
COPY scripts/setup scripts/
COPY scripts/lib scripts/lib
RUN --mount=type=cache,id=rse-dashboard,target=/var/cache/rse-dashboard \
    scripts/setup --compilers
COPY . .
# Files keep the time of their last change, which may lie before that of an earlier build, and then
# Cargo would take what it compiled from other content for the newest. So they all change now.
RUN --mount=type=cache,id=rse-dashboard,target=/var/cache/rse-dashboard \
    find build.rs src -exec touch {} + \
 && scripts/setup \
 && scripts/build \
 && mkdir -p /image/opt/rse-dashboard /image/etc/rse-dashboard /image/usr/share/doc/rse-dashboard /data \
 && cp "$RSE_CACHE/target/release/rse-dashboard" "$RSE_CACHE/target/release/hash.txt" /image/opt/rse-dashboard/ \
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
