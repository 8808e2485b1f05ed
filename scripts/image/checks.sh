# shellcheck shell=bash
# The checks of image-check; each function succeeds or prints what it found instead. The variables
# come from image-check: name (of the container), work (a folder), IMAGE, URL and so on.
# shellcheck disable=SC1111,SC2015,SC2016,SC2034,SC2153,SC2154  # Quotes in messages; names from image-check.

passed=0
failed=0

# check WHAT COMMAND…: prints one line, and the command's output if it failed.
check() {
  local what=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    printf '  ok    %s\n' "$what"
    if [[ $1 == sizes ]]; then printf '%s\n' "$output"; fi
  else
    failed=$((failed + 1))
    printf '  FAIL  %s\n' "$what"
    tail -n 12 <<<"$output"
  fi
}

status_of() { curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' "$URL$1" || true; }

# waits_for STATUS PATH: waits at most 30 s.
waits_for() {
  local status
  for _ in {1..150}; do
    status=$(status_of "$2")
    [[ $status != "$1" ]] || return 0
    sleep 0.2
  done
  echo "$2 answers $status, not $1"
  "${ENGINE[@]}" logs "$name" 2>&1 | tail -n 8
  return 1
}

answers() { says "$(status_of "$2")" "$1"; }

# says FOUND EXPECTED…
says() {
  local found=$1 expected
  shift
  for expected in "$@"; do [[ $found != "$expected" ]] || return 0; done
  echo "found “$found” and not “$1”"
  return 1
}

shows() {
  curl --silent --fail --max-time 20 "$URL$1" >"$work/page" || { echo "$1 does not answer"; return 1; }
  grep -qF "$2" "$work/page" || { echo "$1 does not hold $2"; head -c 300 "$work/page"; return 1; }
}

closed_by_default() {
  fails_with 1 run "$IMAGE" "$name" --rm --env RSE_ADDR=0.0.0.0 >"$work/log" 2>&1 || { cat "$work/log"; return 1; }
  grep -q 'cannot listen on 0.0.0.0' "$work/log" || { cat "$work/log"; return 1; }
  [[ $(inspect_image '{{.Config.Env}}') != *RSE_OPEN* ]] || { echo "the image sets RSE_OPEN"; return 1; }
}

without_data() {
  "${ENGINE[@]}" logs "$name" >"$work/log" 2>&1
  grep -qE 'there (is|are) no data in /data' "$work/log" || { cat "$work/log"; return 1; }
}

# has_rows FIGURE: waits up to 30 s while the server catches up with its store.
has_rows() {
  for _ in {1..150}; do
    curl --silent --max-time 20 "$URL/api/figure?id=$1" >"$work/figure" || true
    node -e 'process.exit(JSON.parse(require("fs").readFileSync(process.argv[1])).rows?.length > 0 ? 0 : 1)' "$work/figure" 2>/dev/null && return 0
    sleep 0.2
  done
  head -c 300 "$work/figure"
  return 1
}

# hashed EXTENSION TYPE [FOLDER]: takes the file name from the page, as a browser does.
hashed() {
  local path headers
  curl --silent --fail --max-time 20 "$URL/pipelines" >"$work/page"
  path=$(grep -oE "/${3:-pkg}/[A-Za-z0-9_./-]+\.$1" "$work/page" | head -n 1)
  [[ $path =~ [A-Za-z0-9_-]{16,}\.$1$ ]] || { echo "no hashed name of a .$1 in the page: “$path”"; return 1; }
  headers=$(curl --silent --fail --max-time 10 --header 'accept-encoding: br' --dump-header - --output /dev/null "$URL$path" | tr -d '\r')
  for wanted in "content-type: $2" 'content-encoding: br' 'immutable'; do
    grep -qi -- "$wanted" <<<"$headers" || { echo "$path: no “$wanted” in: $headers"; return 1; }
  done
}

user_is() {
  local ids
  ids=$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$(process)/status")
  says "$ids" "$1 $1 $1 $1" && says "$(inspect_image '{{.Config.User}}')" "$1:$1" "$1"
}

status_says() { says "$(awk -v name="$1:" '$1 == name { print $2 }' "/proc/$(process)/status")" "$2"; }

capabilities_are_none() {
  local set
  for set in CapInh CapPrm CapEff CapBnd CapAmb; do status_says "$set" 0000000000000000 || return 1; done
}

root_is_read_only() {
  local options
  options=$(awk '$5 == "/" { print $6 }' "/proc/$(process)/mountinfo")
  [[ ,$options, == *,ro,* ]] || { echo "mounted with $options"; return 1; }
}

write_outside_fails() {
  if run "$IMAGE" "$name" --rm --user 0:0 -- sample --data /opt/elsewhere >"$work/log" 2>&1; then
    echo "it could be written"
    return 1
  fi
  grep -qi 'read-only file system' "$work/log" || { cat "$work/log"; return 1; }
}

volumes_are_data() { says "$(inspect_image '{{range $path, $_ := .Config.Volumes}}{{$path}} {{end}}')" "/data "; }

no_shell() { fails_with 127 inside /bin/sh -c true || fails_with 126 inside /bin/sh -c true; }

# fails_with CODE COMMAND…
fails_with() {
  local code=0 wanted=$1
  shift
  "$@" || code=$?
  says "$code" "$wanted"
}

health_check_is_set() {
  local test
  test=$(inspect_image '{{json .Config.Healthcheck}}{{json .HealthCheck}}' 2>/dev/null || inspect_image '{{json .Config.Healthcheck}}' 2>/dev/null || inspect_image '{{json .HealthCheck}}')
  [[ $test == *"\"$PROGRAM\",\"health\""* ]] || { echo "$test"; return 1; }
}

labels_are_set() {
  local label value
  for label in title version revision created source licenses; do
    value=$(inspect_image "{{index .Config.Labels \"org.opencontainers.image.$label\"}}")
    [[ -n $value && $value != unknown && $value != "<no value>" ]] || { echo "no label for the $label"; return 1; }
  done
}

# Keeps a page open that waits for news: a server that waited for its clients would never stop.
ends_cleanly() {
  local started listening state
  curl --silent --no-buffer --max-time 30 "$URL/api/live" >"$work/live" &
  listening=$!
  for _ in {1..50}; do [[ ! -s $work/live ]] || break; sleep 0.1; done
  [[ -s $work/live ]] || { echo "/api/live says nothing"; return 1; }
  started=$(date +%s%N)
  "${ENGINE[@]}" stop --time 10 "$name" >/dev/null
  local took=$((($(date +%s%N) - started) / 1000000))
  wait "$listening" || true
  state=$("${ENGINE[@]}" inspect --format '{{.State.ExitCode}}' "$name")
  "${ENGINE[@]}" logs "$name" 2>&1 | tail -n 3
  "${ENGINE[@]}" rm --force "$name" >/dev/null
  says "$state" 0 || return 1
  [[ $took -lt 5000 ]] || { echo "it took $took ms"; return 1; }
}

# Starts an account that requires a key, and builds the image that collects from it.
start_account() {
  local line
  KEY=""
  PLANTED=planted-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  run "$IMAGE" "$name" --rm -- sample --days 30 --stdout >"$work/events.ndjson"
  # The account stops when its standard input closes, so a pipe keeps it open.
  mkfifo "$work/input"
  node end2end/stand-ins/cosmos.mjs --child --seed "$work/events.ndjson" <"$work/input" >"$work/account" &
  STAND_IN=$!
  exec 9>"$work/input"
  for _ in {1..100}; do [[ ! -s $work/account ]] || break; sleep 0.1; done
  line=$(head -n 1 "$work/account")
  KEY=$(node -p 'JSON.parse(process.argv[1]).key' "$line")
  node -e '
    const { endpoint, key, environment } = JSON.parse(process.argv[1]);
    const all = { COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key, COSMOS_DATABASES: "jenkins", ...environment, PLANTED: process.argv[2] };
    for (const [name, value] of Object.entries(all)) console.log(`${name}=${value}`);
  ' "$line" "$PLANTED" >"$work/variables"
}

build_with_data() {
  "${BUILD[@]}" "${NETWORK[@]}" --tag "$IMAGE-with-data" "${options[@]}" --target with-data --secret "id=variables,src=$work/variables" . \
    >"$work/with-data.log" 2>&1 || { tail -n 12 "$work/with-data.log"; return 1; }
}

without_secret_fails() {
  ! "${BUILD[@]}" "${NETWORK[@]}" --tag "$IMAGE-without" "${options[@]}" --target with-data . >"$work/without.log" 2>&1 &&
    grep -qi secret "$work/without.log"
}

# export_layers IMAGE FOLDER: unpacks the layers and settings; writes sizes to FOLDER/sizes.
export_layers() {
  local image=$1 to=$2 layer number=0 packed
  mkdir -p "$to/archive" "$to/layers"
  case ${ENGINE[0]} in
    podman) "${ENGINE[@]}" save --quiet --format docker-archive --output "$to/archive.tar" "$image" ;;
    *) "${ENGINE[@]}" save --output "$to/archive.tar" "$image" ;;
  esac
  tar -C "$to/archive" -xf "$to/archive.tar"
  rm "$to/archive.tar"
  while read -r layer; do
    number=$((number + 1))
    if gzip --test "$to/archive/$layer" 2>/dev/null; then
      packed=$(stat -L -c %s "$to/archive/$layer")
      gzip -dc "$to/archive/$layer" >"$to/layers/$number.tar"
    else
      packed=$(gzip -nc <"$to/archive/$layer" | wc -c)
      cp "$to/archive/$layer" "$to/layers/$number.tar"
    fi
    printf '%s %s %s\n' "$number" "$(stat -c %s "$to/layers/$number.tar")" "$packed" >>"$to/sizes"
  done < <(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1]))[0].Layers.join("\n")' "$to/archive/manifest.json")
}

# found_in_layers FOLDER TEXT: searches the layers and the image's settings.
found_in_layers() { grep -rqaF -- "$2" "$1/layers" || grep -rqaF --include='*.json' -- "$2" "$1/archive"; }

in_no_layer() {
  [[ -n $1 ]] || { echo "there is no secret to look for"; return 1; }
  grep -qF -- "$1" "$work/variables" || { echo "it was not among what the build was given"; return 1; }
  local folder
  for folder in "$work/plain" "$work/with-data"; do
    if found_in_layers "$folder" "$1"; then
      echo "found in ${folder##*/}"
      return 1
    fi
  done
}

found_files() {
  local file
  for file in "$@"; do
    unpack "$file" >"$work/file" && [[ -s $work/file ]] || { echo "$file is not in the image"; return 1; }
  done
}

# unpack FILE: prints its content, from the layer that has it.
unpack() {
  local layer
  for layer in "$work"/plain/layers/*.tar; do
    tar -xOf "$layer" "$1" 2>/dev/null && return 0
    tar -xOf "$layer" "./$1" 2>/dev/null && return 0
  done
  return 1
}

bill_of_materials() {
  unpack usr/share/doc/rse-dashboard/sbom.cdx.json >"$work/bill.json" || { echo "there is none"; return 1; }
  node -e '
    const bill = JSON.parse(require("fs").readFileSync(process.argv[1]));
    const has = (purl) => bill.components.some((component) => component.purl.startsWith(purl));
    const missing = ["pkg:cargo/axum@", "pkg:cargo/leptos@", "pkg:npm/plotly.js@", "pkg:npm/bootstrap@", "pkg:generic/sqlite@"].filter((purl) => !has(purl));
    if (bill.bomFormat !== "CycloneDX" || missing.length > 0) { console.error("missing:", missing); process.exit(1); }
  ' "$work/bill.json"
}

crates_in_program() {
  unpack opt/rse-dashboard/rse-dashboard >"$work/program" || { echo "there is no program"; return 1; }
  node scripts/crate-list.mjs "$work/program"
}

sizes() {
  awk '{ printf "layer %d: %.1f MB, %.1f MB compressed\n", $1, $2 / 1e6, $3 / 1e6; total += $3 }
    END { printf "together: %.1f MB compressed\n", total / 1e6; exit total > '"$LARGEST"' }' "$1/sizes"
}
