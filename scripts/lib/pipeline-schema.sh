# shellcheck shell=bash
# The published schema of Azure Pipelines. It is not on npm; the Python package check-jsonschema
# carries an unchanged copy. Nothing else of that package is used.

PIPELINE_SCHEMA_PACKAGE=check-jsonschema==0.39.0
PIPELINE_SCHEMA_SHA256=f00a9630f6550204148634d9a13f634b5750a225559886effe09a751482f0459

# Prints the path of the schema; fails if it cannot be downloaded.
pipeline_schema() {
  local schema=$TOOLS/azure-pipelines-schema-${PIPELINE_SCHEMA_SHA256:0:12}.json scratch copy
  if [[ ! -e $schema ]]; then
    python3 -m pip --version >/dev/null 2>&1 || apt_install python3-pip >/dev/null 2>&1 || true
    scratch=$(mktemp -d)
    copy=$scratch/package/check_jsonschema/builtin_schemas/vendor/azure-pipelines.json
    python3 -m pip download --quiet --no-deps --disable-pip-version-check --dest "$scratch" "$PIPELINE_SCHEMA_PACKAGE" >&2 &&
      python3 -m zipfile -e "$scratch"/*.whl "$scratch/package" &&
      mkdir -p "$TOOLS" &&
      echo "$PIPELINE_SCHEMA_SHA256  $copy" | sha256sum --check --quiet >&2 &&
      mv "$copy" "$schema"
    rm -rf "$scratch"
  fi
  [[ -e $schema ]] && echo "$schema"
}
