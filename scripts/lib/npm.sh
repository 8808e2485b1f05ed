# shellcheck shell=bash
# The locked npm packages: plotly.js, Bootstrap's Sass and their tools.

NPM_STAMP=node_modules/.installed
PLOTLY_STAMP=node_modules/.plotly-bundled

install_npm_packages() {
  local wanted
  wanted=$(cat package.json package-lock.json | cksum)
  if [[ $(cat "$NPM_STAMP" 2>/dev/null) == "$wanted" ]]; then
    there "npm packages"
    return
  fi
  say "npm packages: plotly.js, Bootstrap's styles, the compilers for both, and the browser tests."
  doing "npm ci (half a minute, 360 MB)"
  # No package needs its install script; esbuild and sass ship their binaries as packages.
  quietly npm npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  echo "$wanted" >"$NPM_STAMP"
}

bundle_plotly() {
  local wanted
  wanted=$(cat package-lock.json scripts/plotly-bundle.mjs | cksum)
  # Checks that exactly the files of the last bundle are there; their names contain the content hash.
  if [[ $(cat "$PLOTLY_STAMP" 2>/dev/null) == "$wanted $(ls public/plotly 2>/dev/null)" ]]; then
    there "plotly.js bundle"
    return
  fi
  say "plotly.js bundle: only the chart types that the dashboard draws (five seconds)."
  node scripts/plotly-bundle.mjs
  echo "$wanted $(ls public/plotly)" >"$PLOTLY_STAMP"
}
