# The dashboard as a container image: `make production-image` builds it, `make image-check` checks it.
#
# It needs BuildKit (Docker 23 or newer), Podman or Buildah, for the cache mounts.
#
# The three base images can be replaced by build arguments, with those of a mirror for example. They
# are named by tag; Renovate pins them by digest (docker:pinDigests in renovate.json). RUST_IMAGE has
# the Rust of rust-toolchain.toml, its version in RUST_VERSION, and a C compiler; BASE_IMAGE has the C
# library, libgcc, time zones and CA certificates.
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-trixie
ARG NODE_IMAGE=docker.io/library/node:24-trixie-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian13:nonroot

FROM ${NODE_IMAGE} AS node

FROM ${RUST_IMAGE} AS build
COPY --from=node /usr/local /usr/local
# Stops rustup from downloading the components that rust-toolchain.toml names for developers.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION}
# The cache mount keeps tools, downloaded crates and npm packages, and compiled dependencies from one
# build to the next. It is in no layer, and an empty one only costs time.
ENV RSE_CACHE=/var/cache/rse-dashboard
ENV CARGO_HOME=$RSE_CACHE/cargo npm_config_cache=$RSE_CACHE/npm
ARG CARGO_BUILD_JOBS
WORKDIR /src
# Adds the standard library for the browser to the compiler, in a layer of its own.
COPY rust-toolchain.toml ./
COPY scripts/setup scripts/
COPY scripts/lib scripts/lib
RUN --mount=type=cache,id=rse-dashboard,target=/var/cache/rse-dashboard \
    scripts/setup --compilers
COPY . .
# COPY keeps the times of files. Cargo compares them with those of its last build, which may be newer
# than a file that it has never seen, so every source is marked as changed. The mount is locked, so that
# the program copied out of it is that of this build. (Only here: Buildah 1.28 waits for ever where two
# steps of one build lock the same mount.)
RUN --mount=type=cache,id=rse-dashboard,target=/var/cache/rse-dashboard,sharing=locked \
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
