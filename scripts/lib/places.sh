# shellcheck shell=bash
# Paths of tools and compiled code, defined only here for the Makefile and all scripts.

RSE_CACHE=${RSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rse-dashboard}
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$RSE_CACHE/target}
