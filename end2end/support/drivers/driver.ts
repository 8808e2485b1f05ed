// A browser as the tests in Firefox and WebKit drive it.
export interface Driver {
  /** The name and the version of the browser. */
  readonly version: string;
  /** Faults that the browser reported by itself, besides those that its pages report. */
  readonly faults: string[];
  open(address: string): Promise<void>;
  /** Runs a function in the page, which must not use anything around it. */
  evaluate<T, A extends unknown[]>(script: (...values: A) => T, ...values: A): Promise<T>;
  /** Clicks the first element of a selector, as a pointer does. */
  click(selector: string): Promise<void>;
  /** Moves the pointer to a place in the window and clicks there. */
  clickAt(x: number, y: number): Promise<void>;
  /** Chooses an option of a select. */
  choose(selector: string, value: string): Promise<void>;
  close(): Promise<void>;
}

export const WINDOW = { width: 1280, height: 900 };
/** Settings of the browsers' processes: a time zone other than the server's, as in the tests in Chromium. */
export const ENVIRONMENT = { ...process.env, TZ: "Pacific/Auckland", LANG: "en_GB.UTF-8", LC_ALL: "C.UTF-8" };
