// Places on pages. A page that a reader goes back to stands where it was left, though its parts come later than the
// browser looks for them; an address that names a folded list opens it; and on phones, where the navigation is a line
// that scrolls, the current page is in sight.

// Entries of the history, by their keys, with the places of their pages.
const places = new Map();
// The longest time in which the parts of a page come, and that after which a page that stays in place is left alone.
const LONGEST = 5_000;
const SETTLED = 500;

export function start() {
  unfold();
  showCurrent();
  document.addEventListener("click", ({ target }) => target.closest?.("a[href*='#']") && setTimeout(unfold));
  // Browsers without it go to the top, as before.
  const history = window.navigation;
  if (!history?.currentEntry) return;
  let here = history.currentEntry.key;
  let restored;
  history.addEventListener("currententrychange", ({ navigationType }) => {
    here = history.currentEntry.key;
    setTimeout(showCurrent);
    restored?.abort();
    const place = places.get(here);
    if (navigationType === "traverse" && place > 0) restored = restore(place);
  });
  addEventListener("scroll", () => restored?.signal.aborted !== false && places.set(here, scrollY), { passive: true });
}

// Keeps the page at a place, as soon as it is long enough, until it has settled or the reader does something.
function restore(place) {
  const control = new AbortController();
  const { signal } = control;
  const stop = () => control.abort();
  let settled;
  const hold = () => {
    if (document.documentElement.scrollHeight < place + innerHeight) return;
    if (Math.abs(scrollY - place) > 1) scrollTo(0, place);
    settled ??= setTimeout(stop, SETTLED);
  };
  const observer = new ResizeObserver(hold);
  observer.observe(document.body);
  signal.addEventListener("abort", () => observer.disconnect());
  addEventListener("scroll", hold, { passive: true, signal });
  for (const type of ["wheel", "touchstart", "pointerdown", "keydown"]) addEventListener(type, stop, { passive: true, signal });
  setTimeout(stop, LONGEST);
  return control;
}

// Scrolls the navigation to the middle of the current page's link.
function showCurrent() {
  const nav = document.querySelector(".site-header nav");
  const link = nav?.querySelector("[aria-current]");
  if (!link) return;
  const [whole, part] = [nav, link].map((element) => element.getBoundingClientRect());
  nav.scrollLeft += part.left + part.width / 2 - whole.left - whole.width / 2;
}

// Opens the list that the address names.
function unfold() {
  const named = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  const folded = named && named.querySelector(":scope > details:not([open])");
  if (folded) folded.open = true;
}
