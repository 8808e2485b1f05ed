// Paging of query results. The wrapped server evaluates a query on every document for every page;
// this code uses its engine once, on documents selected by a time index, and splits the result.

/** Largest page of the service, unless a request asks for fewer documents. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** Number of partitions per container; a query reads each of them. */
let partitions = 1;
/** Most documents per page, which the service may lower at any time; see `limitPages`. */
let pageDocuments = Infinity;
/** Most results kept for later pages. */
const RESULTS = 100;

const results = new Map();
let tokens = 0;

/** Limits the number of documents in each subsequent page. */
export function limitPages(documents) {
  pageDocuments = documents;
}

/** Adds pages and partitions to the server's containers. */
export function addPages(Documents, count) {
  partitions = count;
  Documents.prototype.query = function query(body, { maxItemCount, continuation }) {
    const begun = continuation ? results.get(continuation.token) : { first: 0 };
    if (!begun) throw Object.assign(new Error('no such continuation'), { badRequest: true });
    const { first } = begun;
    const found = begun.found ?? evaluate(this, body);
    if (body.fault === 'empty-page') return { result: [], continuation: remember(found, first) };
    const most = Math.min(maxItemCount > 0 ? maxItemCount : Infinity, pageDocuments);
    let end = first;
    for (let bytes = 0; end < found.length && end - first < most && bytes < PAGE_BYTES; end += 1) {
      bytes += JSON.stringify(found[end]).length;
    }
    const result = found.slice(first, end);
    if (body.fault === 'repeat-page') return { result, continuation: remember(found, first) };
    return { result, continuation: end < found.length ? remember(found, end) : null };
  };
}

/** Returns a continuation token, reusable as in the service. */
function remember(found, first) {
  tokens += 1;
  const token = String(tokens);
  results.set(token, { found, first });
  if (results.size > RESULTS) results.delete(results.keys().next().value);
  return { token };
}

function evaluate(documents, { query, parameters = [], partition = 0 }) {
  documents.byTime ??= partitionsByTime(documents);
  const inOrder = documents.byTime[partition];
  const value = (name) => parameters.find((parameter) => parameter.name === name)?.value;
  const indexed = inOrder.slice(
    query.includes('c._ts >= @from') ? firstFrom(inOrder, value('@from')) : 0,
    query.includes('c._ts < @to') ? firstFrom(inOrder, value('@to')) : undefined,
  );
  return documents._getQuery(query).exec(indexed, { parameters }).result;
}

/** Documents of each partition, oldest first. */
function partitionsByTime(documents) {
  const byTime = Array.from({ length: partitions }, () => []);
  for (const item of documents._data.values()) {
    const document = item.read();
    const hash = [...document.id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) >>> 0, 7);
    byTime[hash % partitions].push(document);
  }
  return byTime.map((some) => some.sort((a, b) => a._ts - b._ts));
}

function firstFrom(sorted, ts) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]._ts < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}
