// Receives the current state of the data from the server while the page is visible. An EventSource gives
// up after an error response, and does not notice a connection that died silently (a laptop that slept),
// so this module monitors and reopens connections.

const content = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const ADDRESS = `${content("base")}/api/live`;
// The server sends a message at least every 15 seconds.
const LONGEST_SILENCE = 45_000;
const LOOK = 5_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;
// Spreads the requests of many open pages for new data.
const SPREAD = 500;

const BUILD = content("build");

let tell;
let latest;
let pending;
let source;
let failures = 0;
let heard = 0;
let look;
let retry;

/** Calls `told(version, ledger)` with each state that the server sends. */
export function listen(told) {
  tell = told;
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  addEventListener("online", reopen);
  // Hidden pages close their connection, because a browser opens only six per server.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
}

function open() {
  if (source || document.hidden) return;
  clearTimeout(retry);
  heard = Date.now();
  look = setInterval(listenToSilence, LOOK);
  const opened = (source = new EventSource(ADDRESS));
  let first = true;
  opened.addEventListener("live", ({ data }) => {
    heard = Date.now();
    failures = 0;
    latest = JSON.parse(data);
    clearTimeout(pending);
    // Updates missed while disconnected are applied immediately.
    if (first) hear();
    else pending = setTimeout(hear, Math.random() * SPREAD);
    first = false;
  });
  opened.addEventListener("error", () => {
    if (opened !== source) return;
    tryAgainLater();
    if (document.querySelector(".reader")) signInAgain();
  });
}

// An EventSource does not report the status of a refusal. If the session has expired, reloading the page
// redirects to the sign-in, and back if the provider still has a session.
async function signInAgain() {
  const answer = await fetch(ADDRESS, { method: "HEAD" }).catch(() => undefined);
  if (answer?.status === 401) location.reload();
}

function hear() {
  const { build, version, ledger, attention } = latest;
  colour(attention);
  // The server runs another build: reload the page, but only once per build.
  if (build && build !== BUILD && sessionStorage.getItem("build") !== build) {
    sessionStorage.setItem("build", build);
    location.reload();
  } else {
    see(version);
    tell(version, ledger);
  }
}

// The icon is red while something needs attention.
function colour(attention) {
  const icon = document.querySelector('link[rel="icon"]');
  const address = `${content("base")}/favicon${attention ? "-red" : ""}.svg`;
  if (icon && icon.getAttribute("href") !== address) icon.setAttribute("href", address);
}

// With several replicas, a cookie carries the version that the page has seen, so that no replica answers
// the next request with older data.
function see(version) {
  const seen = /(?:^|; )rse-seen=(([^-;]+)-(\d+)[^;]*)/.exec(document.cookie);
  const [store, change] = version.split("-");
  if (seen?.[2] !== store || Number(change) <= Number(seen[3])) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `rse-seen=${version}; Path=${content("base") || "/"}; SameSite=Lax${secure}`;
}

function close() {
  clearTimeout(pending);
  clearTimeout(retry);
  clearInterval(look);
  source?.close();
  source = undefined;
}

function reopen() {
  close();
  failures = 0;
  open();
}

// While a computer sleeps, the clock advances, but time-outs do not.
function listenToSilence() {
  if (Date.now() - heard > LONGEST_SILENCE) reopen();
}

function tryAgainLater() {
  close();
  const wait = Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT);
  failures += 1;
  retry = setTimeout(open, wait * (0.5 + Math.random()));
}
