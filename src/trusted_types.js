// What the page makes of text where a browser expects HTML or code (Trusted Types). Leptos, d3 and plotly.js
// set HTML, in which the Content-Security-Policy lets no script run. Nothing makes code or its address out
// of text, so that is left to the browser, which reports it.

export function allow_html() {
  globalThis.trustedTypes?.createPolicy("default", { createHTML: (html) => html });
}
