# shellcheck shell=bash
# The browser of the end-to-end tests. Only a machine that runs the tests needs it.

install_browser() {
  local browser
  if browser=$(find_browser); then
    there "browser for the tests: $browser"
    return
  fi
  say "Chromium: the end-to-end tests drive a real browser (one minute, 400 MB)."
  if have apt-get; then
    mkdir -p "$RSE_CACHE/logs"
    apt_install chromium >"$RSE_CACHE/logs/chromium.log" 2>&1 || true
  fi
  browser=$(find_browser) || fail "no Chromium was found for the end-to-end tests" \
    "install Chromium or Chrome, or name one: CHROMIUM=/path/to/chromium make e2e"
  there "$browser"
}

find_browser() {
  local name
  if [[ -n ${CHROMIUM:-} ]]; then
    [[ -x $CHROMIUM ]] || fail "CHROMIUM=$CHROMIUM is not a program"
    echo "$CHROMIUM"
    return
  fi
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" && return
  done
  return 1
}
