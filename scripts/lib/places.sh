# shellcheck shell=bash
# Where tools and compiled code are kept: decided here alone, for the Makefile and for every script.

RSE_CACHE=${RSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rse-dashboard}
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$RSE_CACHE/target}
