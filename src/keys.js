// Keys: `/` and Ctrl-K search, `g` and a letter go to a page, `j` and `k` move over rows, `[` and `]` change the range,
// and `?` lists them. The search box is a combobox, which lists what the text finds while the reader writes it.

import { follow } from "./brush.js";

const SEARCH = "search";
const LIST = "search-results";
// The time after a key in which nothing is requested, and that in which a second key belongs to the first.
const WAIT = 120;
const TOGETHER = 1_500;
const OFF = "single-keys-off";
const KEYS = [
  ["/ or Ctrl K", "Search"],
  ["g t, g p, g s", "Go to Today, Pipelines, Security"],
  ["j, k", "Next and previous row"],
  ["[, ]", "Shorter and longer range"],
  ["?", "This list"],
];

let went = 0;
let timer;
let asked;
let active = -1;

export function start() {
  document.addEventListener("keydown", press);
  document.addEventListener("click", ({ target }) => closeMenu(target));
  document.addEventListener("input", ({ target }) => target.id === SEARCH && write(target));
  document.addEventListener("focusin", ({ target }) => target.id === SEARCH && become(target));
  document.addEventListener("focusout", ({ target }) => target.id === SEARCH && close(target));
  document.addEventListener("submit", (event) => {
    const input = event.target.elements[SEARCH];
    if (!input) return;
    event.preventDefault();
    close(input);
    follow(`${event.target.action}?${new URLSearchParams({ q: input.value })}`);
  });
  const button = document.querySelector("[data-keys]");
  if (button) button.closest("li").hidden = false;
  document.addEventListener("click", ({ target }) => target.closest?.("[data-keys]") && help());
}

function press(event) {
  const { key, target } = event;
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand && !event.altKey && !event.shiftKey && key.toLowerCase() === "k") return take(event, focusSearch);
  if (target.id === SEARCH) return choose(event);
  if (key === "Escape") closeMenu();
  const isElsewhere = event.defaultPrevented || isCommand || event.altKey || event.isComposing;
  if (isElsewhere || isWritten(target) || document.querySelector("dialog[open]") || localStorage.getItem(OFF)) return;
  const follows = event.timeStamp - went < TOGETHER;
  went = key === "g" ? event.timeStamp : 0;
  if (follows) {
    const link = document.querySelector(`.site-header a[data-go="${CSS.escape(key)}"]`);
    if (link) return take(event, () => link.click());
  }
  if (key === "/") take(event, focusSearch);
  else if (key === "?") take(event, help);
  else if (key === "j") take(event, () => move(1));
  else if (key === "k") take(event, () => move(-1));
  else if (key === "]") take(event, () => changeRange(1));
  else if (key === "[") take(event, () => changeRange(-1));
}

// Closes the open menu, unless something in it is the target. Focus in it returns to its button.
function closeMenu(target) {
  const menu = document.querySelector("main details.menu[open]");
  if (!menu || menu.contains(target)) return;
  if (!target && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  menu.open = false;
}

function take(event, act) {
  event.preventDefault();
  act();
}

const isWritten = (target) => target instanceof Element && target.closest("input, select, textarea, [contenteditable]");

function focusSearch() {
  const input = document.getElementById(SEARCH);
  input?.focus();
  input?.select();
}

// Moves the focus to the next or previous row of the first list of problems or table.
function move(step) {
  const lists = [...document.querySelectorAll("main .problem-list, main tbody")];
  const rows = [...(lists.find((list) => list.checkVisibility())?.children ?? [])];
  if (rows.length === 0) return;
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[current < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, current + step))];
  const link = row.querySelector("th a[href], h3 a[href]") ?? row.querySelector("a[href]");
  if (!link) row.tabIndex = -1;
  (link ?? row).focus();
  row.scrollIntoView({ block: "nearest" });
}

function changeRange(step) {
  const select = document.querySelector('select[name="days"]');
  if (!select?.checkVisibility()) return;
  const choices = [...select.options].filter((option) => !option.disabled);
  const current = choices.findIndex((option) => option.selected);
  // A range that was chosen otherwise has no neighbours.
  const choice = choices[current < 0 ? 0 : current + step];
  if (!choice) return;
  select.value = choice.value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

function become(input) {
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", LIST);
  if (!input.hasAttribute("aria-expanded")) input.setAttribute("aria-expanded", "false");
}

function write(input) {
  clearTimeout(timer);
  timer = setTimeout(() => ask(input), WAIT);
}

async function ask(input) {
  asked?.abort();
  const text = input.value.trim();
  if (text === "") return close(input);
  const { signal } = (asked = new AbortController());
  try {
    const answer = await fetch(`${input.dataset.results}?${new URLSearchParams({ q: text })}`, { signal });
    const { results } = answer.ok ? await answer.json() : { results: [] };
    if (!signal.aborted && document.activeElement === input) list(input, results);
  } catch {
    // Without the server, the form remains. A request that was aborted has a successor.
    if (!signal.aborted) close(input);
  }
}

function list(input, results) {
  document.getElementById(LIST)?.remove();
  active = -1;
  const list = document.createElement("ul");
  list.id = LIST;
  list.className = "search-results";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Results");
  results.forEach(({ kind, title, detail, address }, index) => {
    const option = document.createElement("li");
    option.id = `search-result-${index}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.address = address;
    const about = document.createElement("small");
    about.textContent = `${kind} · ${detail}`;
    option.append(title, about);
    list.append(option);
  });
  // The box keeps the focus while a result is clicked.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", ({ target }) => openResult(input, target.closest("[data-address]")));
  const isShown = results.length > 0;
  if (isShown) input.after(list);
  input.setAttribute("aria-expanded", String(isShown));
  input.removeAttribute("aria-activedescendant");
}

function close(input) {
  clearTimeout(timer);
  asked?.abort();
  document.getElementById(LIST)?.remove();
  active = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function openResult(input, option) {
  if (!option) return;
  const { address } = option.dataset;
  close(input);
  input.blur();
  follow(address);
}

// The keys of a combobox.
function choose(event) {
  const input = event.target;
  const options = [...(document.getElementById(LIST)?.children ?? [])];
  const go = (index) => {
    event.preventDefault();
    // A later answer would replace what the reader chooses from.
    clearTimeout(timer);
    asked?.abort();
    options[active]?.setAttribute("aria-selected", "false");
    active = (index + options.length) % options.length;
    options[active].setAttribute("aria-selected", "true");
    options[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active].id);
  };
  if (event.key === "ArrowDown" && options.length > 0) go(active + 1);
  else if (event.key === "ArrowUp" && options.length > 0) go(active < 0 ? -1 : active - 1);
  else if (event.key === "Enter" && options[active]) take(event, () => openResult(input, options[active]));
  else if (event.key === "Escape" && options.length > 0) take(event, () => close(input));
  else if (event.key === "Escape") input.blur();
}

// The list of keys, with a switch: single keys are in the way of some who speak to their computers.
function help() {
  const dialog = document.createElement("dialog");
  dialog.className = "keys";
  dialog.setAttribute("aria-labelledby", "keys-heading");
  const heading = document.createElement("h2");
  heading.id = "keys-heading";
  heading.textContent = "Keys";
  const keys = document.createElement("dl");
  for (const [key, about] of KEYS) {
    const name = document.createElement("dt");
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    name.append(kbd);
    const text = document.createElement("dd");
    text.textContent = about;
    keys.append(name, text);
  }
  const label = document.createElement("label");
  const single = document.createElement("input");
  single.type = "checkbox";
  single.checked = !localStorage.getItem(OFF);
  single.addEventListener("change", () => (single.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  label.append(single, " Use keys without Ctrl");
  const form = document.createElement("form");
  form.method = "dialog";
  const button = document.createElement("button");
  button.className = "btn";
  button.textContent = "Close";
  form.append(button);
  dialog.append(heading, keys, label, form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
