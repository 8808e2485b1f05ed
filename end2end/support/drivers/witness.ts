// A proxy in front of the dashboard that learns of the faults of its pages. The driver of WebKit tells no console
// messages, so each document gets a script, before all others, that reports them here.
import { once } from "node:events";
import http from "node:http";
import { text } from "node:stream/consumers";

const SCRIPT = "/witness.js";
const REPORTS = "/witness";

export class Witness {
  readonly faults: string[] = [];
  /** Changes documents, to break what a test wants broken. */
  edit = (html: string) => html;
  private listening = false;
  private readonly server = http.createServer((request, response) => void this.answer(request, response));

  private constructor(private readonly target: URL) {}

  static async of(target: string): Promise<Witness> {
    const witness = new Witness(new URL(target));
    witness.server.listen(0, "127.0.0.1");
    await once(witness.server, "listening");
    return witness;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  /** Forgets what was reported, before another page. */
  forget() {
    this.faults.length = 0;
    this.listening = false;
    this.edit = (html) => html;
  }

  /** Whether a page's client has started: it listens for news then. */
  get isAlive(): boolean {
    return this.listening;
  }

  /** Forgets that a page's client has started. */
  expectAnother() {
    this.listening = false;
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse) {
    const address = request.url ?? "/";
    if (address === SCRIPT) return response.setHeader("content-type", "text/javascript").end(`(${report})(${JSON.stringify(REPORTS)});`);
    if (address === REPORTS) {
      this.faults.push(await text(request));
      return response.writeHead(204).end();
    }
    if (address.startsWith("/api/live")) this.listening = true;
    this.pass(request, response);
  }

  private pass(request: http.IncomingMessage, response: http.ServerResponse) {
    const { hostname, port } = this.target;
    const headers = { ...request.headers };
    const isDocument = /text\/html/.test(headers.accept ?? "");
    if (isDocument) {
      delete headers["accept-encoding"];
      // A document in the browser's cache was not edited.
      delete headers["if-none-match"];
    }
    const passed = http.request({ hostname, port, path: request.url, method: request.method, headers }, async (answer) => {
      const { statusCode: status = 0 } = answer;
      if (status >= 400) this.faults.push(`status ${status}: ${request.url}`);
      if (!isDocument || !/text\/html/.test(answer.headers["content-type"] ?? "")) {
        response.writeHead(status, answer.headers);
        return answer.pipe(response);
      }
      const { "content-length": _, ...rest } = answer.headers;
      response.writeHead(status, rest).end(this.edit(await text(answer)).replace("<head>", `<head><script src="${SCRIPT}"></script>`));
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    request.pipe(passed);
  }
}

/** Runs in each page before its scripts. */
function report(address: string) {
  const tell = (fault: string) => {
    // Nothing overtakes a report that the page waits for.
    const request = new XMLHttpRequest();
    request.open("POST", address, false);
    request.send(fault);
  };
  for (const kind of ["error", "warn", "assert"] as const) {
    const original = console[kind] as (...said: unknown[]) => void;
    console[kind] = (...said: unknown[]) => {
      original.apply(console, said);
      if (kind !== "assert" || !said[0]) tell(`console ${kind}: ${said.map(String).join(" ")}`);
    };
  }
  addEventListener(
    "error",
    (event) => {
      const { target, message, filename, lineno } = event as ErrorEvent;
      if (target === window) tell(`exception: ${message} (${filename}:${lineno})`);
      else tell(`not loaded: ${(target as Element).outerHTML.slice(0, 200)}`);
    },
    true,
  );
  addEventListener("unhandledrejection", ({ reason }) => tell(`rejected: ${reason}`));
  addEventListener("securitypolicyviolation", (event) => {
    if (event.disposition === "enforce") tell(`policy ${event.violatedDirective} blocked ${event.blockedURI || "inline"} ${event.sample}`);
  });
}
