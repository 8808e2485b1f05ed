// Hears from the server which data there are now, for as long as the page can be seen. By itself an
// EventSource gives up when it is answered with an error, and does not notice a connection that
// died in silence (a laptop that slept); so connections are watched, and opened anew, from here.

const content = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const ADDRESS = `${content("base")}/api/live`;
// The server says something every 15 seconds.
const LONGEST_SILENCE = 45_000;
const LOOK = 5_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;
// Many open pages do not all ask for new data at the same moment.
const SPREAD = 1_000;

const BUILD = content("build");

let tell;
let latest;
let pending;
let source;
let failures = 0;
let heard = 0;
let look;
let retry;

/** Calls `told(version, ledger)` with whatever the server says, and goes on doing so. */
export function listen(told) {
  tell = told;
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  addEventListener("online", reopen);
  // A hidden page leaves its connection to others: a browser has six of them for a server.
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
    // What a page missed while it did not listen, it gets at once.
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

// An EventSource does not tell why it was refused. Where a session is over, the page asked for anew
// leads to the door and, where the provider still knows the reader, back by itself.
async function signInAgain() {
  const answer = await fetch(ADDRESS, { method: "HEAD" }).catch(() => undefined);
  if (answer?.status === 401) location.reload();
}

function hear() {
  const { build, version, ledger } = latest;
  // Another program answers now, with pages of its own: they are asked for, but once alone.
  if (build && build !== BUILD && sessionStorage.getItem("build") !== build) {
    sessionStorage.setItem("build", build);
    location.reload();
  } else {
    see(version);
    tell(version, ledger);
  }
}

// Where several replicas answer in turn, a cookie tells them what was seen: whoever is asked for the
// new data next must not answer with older ones.
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

// The clock goes on while a computer sleeps, time-outs do not.
function listenToSilence() {
  if (Date.now() - heard > LONGEST_SILENCE) reopen();
}

function tryAgainLater() {
  close();
  const wait = Math.min(FIRST_WAIT * 2 ** failures, LONGEST_WAIT);
  failures += 1;
  retry = setTimeout(open, wait * (0.5 + Math.random()));
}
