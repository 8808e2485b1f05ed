# shellcheck shell=bash
# The browsers for the end-to-end tests. Only machines that run the tests need them. Tests that need
# Firefox or WebKit are skipped without it.

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
  browser=$(find_browser) || fail "the end-to-end tests need Chromium, which was not found" \
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

install_other_browsers() {
  have_firefox || install_other firefox firefox-esr
  have_webkit || install_other webkit webkit2gtk-driver xvfb xauth
}

install_other() {
  local name=$1
  shift
  say "$*: a tour of the end-to-end tests goes through other browsers (one minute, 300 MB)."
  mkdir -p "$RSE_CACHE/logs"
  apt_install "$@" >"$RSE_CACHE/logs/$name.log" 2>&1 || true
  "have_$name" || say "  note: $1 is missing; the tests that need it are skipped (Debian, Ubuntu: apt-get install $*)"
}

have_firefox() { [[ -n ${FIREFOX:-} ]] || have firefox-esr || have firefox; }
have_webkit() { have WebKitWebDriver && have xvfb-run && have xauth; }
