// What can go wrong with an answer, on demand.
//
// A fault is { fault, times, after, database, at, wait }: of the queries of a database (any, if none
// is named) whose window holds the second `at` (any, if none is named) it passes over the first
// `after` (0), and takes the next `times` (1; all, if negative). `wait` is in ms. With { on: 'metadata' }
// it takes what is asked of the account and its containers themselves.

/** Answers that are no page. */
const REFUSALS = {
  throttle: ({ wait = 20 }) => [429, 'too many requests', { 'x-ms-retry-after-ms': String(wait) }],
  unavailable: () => [503, 'unavailable'],
  error: () => [500, 'an error'],
  // These will not pass by themselves.
  reject: () => [400, 'refused'],
  forbid: () => [403, 'forbidden'],
};

/** What a page can suffer: it is late, ends within, is no JSON, or comes after an odd one. */
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

  /** The fault that a request meets, if any. */
  next(on, { database, from, to = Infinity }) {
    for (const fault of this.planned) {
      const isMeant =
        fault.on === on &&
        (fault.database ?? database) === database &&
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

  /** The answer in place of a page, where there is to be one. */
  refusal(fault) {
    if (!(fault?.fault in REFUSALS)) return undefined;
    const [status, message, headers] = REFUSALS[fault.fault](fault);
    return { status, message, headers };
  }

  /** The page as it is to be sent, if it still is. */
  alter(fault, response, page) {
    const half = page.slice(0, page.length / 2);
    if (fault?.fault === 'cut') return half;
    if (fault?.fault !== 'reset') return page;
    response.setHeader('content-length', Buffer.byteLength(page));
    response.write(half, () => response.destroy());
    return undefined;
  }
}
