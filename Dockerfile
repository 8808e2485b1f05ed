# The dashboard's container image. `make production-image` builds it; `make image-check` checks it.
#
# The cache mounts need BuildKit (Docker 23 or newer), Podman or Buildah.
#
# Build arguments can replace the three base images, for example with those of a mirror. Base images
# are named by tag; Renovate pins them by digest (docker:pinDigests in renovate.json). RUST_IMAGE needs
# the Rust of rust-toolchain.toml, its version in RUST_VERSION, and a C compiler. BASE_IMAGE needs the C
# library, libgcc, time zones and CA certificates.
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-trixie
ARG NODE_IMAGE=docker.io/library/node:24-trixie-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian13:nonroot

FROM ${NODE_IMAGE} AS node

FROM ${RUST_IMAGE} AS build
COPY --from=node /usr/local /usr/local
# Stops rustup from downloading the developer components that rust-toolchain.toml lists.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION}
# The cache mount keeps tools, downloaded crates and npm packages, and compiled dependencies between
# builds. It is not part of any layer; an empty cache only makes the build slower.
ENV RSE_CACHE=/var/cache/rse-dashboard
ENV CARGO_HOME=$RSE_CACHE/cargo npm_config_cache=$RSE_CACHE/npm
ARG CARGO_BUILD_JOBS
WORKDIR /src
# Adds the standard library for the browser in a separate layer.
COPY rust-toolchain.toml ./
COPY scripts/setup scripts/
COPY scripts/lib scripts/lib
RUN --mount=type=cache,id=rse-dashboard,target=/var/cache/rse-dashboard \
    scripts/setup --compilers
COPY . .
# COPY preserves file times, so a new file may look older than Cargo's last build. Touching the sources
# marks all of them as changed. The mount is locked so that the program copied out of it comes from this
# build. (Locked only in this step: Buildah 1.28 hangs if two steps of one build lock the same mount.)
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

# A stand-in Cosmos DB account for trying the dashboard; compose.yaml uses it.
FROM ${NODE_IMAGE} AS stand-in
WORKDIR /src
COPY --from=build /src/node_modules node_modules
COPY --from=build /image/opt/rse-dashboard/rse-dashboard /usr/local/bin/
COPY end2end/stand-ins end2end/stand-ins
RUN RSE_DATA=/tmp rse-dashboard sample --days 60 --stdout >/src/events.ndjson
USER node
CMD ["node", "end2end/stand-ins/cosmos.mjs", "--port", "8443", "--seed", "events.ndjson", "--reports"]

# The files of the final image. The base has no shell, so this stage runs no commands.
FROM ${BASE_IMAGE} AS files
COPY --from=build /image/ /
# The owner is a number because not every base has a user with that name.
COPY --from=build --chown=65532:65532 /data /data
# RSE_ADDR: the container's network. The server starts there only with sign-in, or with RSE_OPEN=1, which
# the image leaves to its operator.
# TMPDIR: the only writable directory, for SQLite's temporary files.
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

# Collects data during the build, for an image that contains data. The variables of .env.sample are
# passed as a secret, which no layer keeps: --target with-data --secret id=variables,src=.env
FROM files AS collected
WORKDIR /collect
# A new value for each build stops the engine from reusing data collected for an earlier one.
ARG CREATED=unknown
RUN --mount=type=secret,id=variables,target=/collect/.env,uid=65532,required=true \
    ["/opt/rse-dashboard/rse-dashboard", "sync"]

FROM files AS with-data
COPY --from=collected --chown=65532:65532 /data /data
VOLUME /data

FROM files AS dashboard
VOLUME /data
