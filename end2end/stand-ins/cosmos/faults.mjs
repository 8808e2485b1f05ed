// Faults in responses, on demand.
//
// A fault is { fault, times, after, database, container, at, wait }. It applies to queries of `database` and
// `container` (default: any) whose window contains the second `at` (default: any). It skips the first `after` queries
// (default: 0) and affects the next `times` (default: 1; all if negative). `wait` is in ms.
// { on: 'metadata' } affects requests about the account and its containers instead.

/** Responses without a page. */
const REFUSALS = {
  throttle: ({ wait = 20 }) => [429, 'too many requests', { 'x-ms-retry-after-ms': String(wait) }],
  unavailable: () => [503, 'unavailable'],
  error: () => [500, 'an error'],
  // Permanent faults.
  reject: () => [400, 'refused'],
  forbid: () => [403, 'forbidden'],
};

/** Faults of a page: late, interrupted, truncated, or after an empty or repeated page. */
const PAGES = ['slow', 'reset', 'cut', 'empty-page', 'repeat-page'];

export class Faults {
  constructor() {
    this.planned = [];
  }

  plan(fault) {
    if (!(fault.fault in REFUSALS) && !PAGES.includes(fault.fault)) {
      throw new Error(`no fault is named ${fault.fault}`);
    }
    this.planned.push({ on: 'queries', times: 1, after: 0, ...fault });
  }

  clear() {
    this.planned = [];
  }

  /** Returns the fault for a request, if any. */
  next(on, { database, container, from, to = Infinity }) {
    for (const fault of this.planned) {
      const isMeant =
        fault.on === on &&
        (fault.database ?? database) === database &&
        (fault.container ?? container) === container &&
        (fault.at === undefined || (from <= fault.at && fault.at < to));
      if (!isMeant || fault.times === 0) continue;
      if (fault.after > 0) {
        fault.after -= 1;
        continue;
      }
      fault.times -= 1;
      return fault;
    }
    return undefined;
  }

  /** Returns the response that replaces a page, if any. */
  refusal(fault) {
    if (!(fault?.fault in REFUSALS)) return undefined;
    const [status, message, headers] = REFUSALS[fault.fault](fault);
    return { status, message, headers };
  }

  /** Returns the page to send, or undefined if there is none. */
  alter(fault, response, page) {
    const half = page.slice(0, page.length / 2);
    if (fault?.fault === 'cut') return half;
    if (fault?.fault !== 'reset') return page;
    response.setHeader('content-length', Buffer.byteLength(page));
    response.write(half, () => response.destroy());
    return undefined;
  }
}
