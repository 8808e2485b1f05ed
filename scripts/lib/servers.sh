# shellcheck shell=bash
# The servers that tests start on free ports: PostgreSQL, which replicas share, and nginx in front of
# the replicas. Tests that need a missing server are skipped.

install_servers() {
  local missing=()
  have_postgres || missing+=(postgresql)
  have_nginx || missing+=(nginx-light)
  if [[ ${#missing[@]} -gt 0 ]]; then
    say "${missing[*]}: the tests of several replicas start their own (one minute, 100 MB)."
    mkdir -p "$RSE_CACHE/logs"
    install_stopped "${missing[@]}" >"$RSE_CACHE/logs/servers.log" 2>&1 || true
  fi
  if have_postgres && have_nginx; then
    there "servers for the tests: PostgreSQL and nginx"
  else
    say "  note: PostgreSQL or nginx is missing; the tests that need them are skipped (Debian, Ubuntu: apt-get install postgresql nginx-light)"
  fi
}

have_postgres() {
  compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || { have pg_config && [[ -x $(pg_config --bindir)/initdb ]]; }
}

# Debian installs nginx in a directory that only root has on its PATH.
have_nginx() { [[ -x /usr/sbin/nginx ]] || have nginx; }

# Debian starts a server when it installs the package, unless this program forbids it.
install_stopped() {
  local policy=/usr/sbin/policy-rc.d sudo=() status=0 package
  [[ $(id -u) -eq 0 ]] || sudo=(sudo)
  if [[ -e $policy ]]; then
    policy=
  else
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" && "${sudo[@]}" chmod +x "$policy"
  fi
  apt_install "$@" || status=$?
  if [[ -n $policy ]]; then "${sudo[@]}" rm -f "$policy"; fi
  if have systemctl; then
    for package in "$@"; do "${sudo[@]}" systemctl disable "${package%-light}" || true; done
  fi
  return "$status"
}
