// The API: JSON in and out, problems as errors with the server's own words.
export const API = '/_dashboard/api/r2';

/** What an answer that is no success said. */
export class ApiError extends Error {}

/** @param {Response} response */
async function checked(response) {
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(problem.detail ?? `status ${response.status}`);
}

/**
 * @param {string} path
 * @param {Record<string, any>} [query]
 */
export function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(path, signal) {
  return (await checked(await fetch(API + path, { signal, headers: { accept: 'application/json' } }))).json();
}

/** So many milliseconds an answer is as good as a new one, if nothing happens meanwhile: windows end now, in steps of 30 s. */
const FRESH = 20_000;
/** @type {Map<string, {at: number, answer: any}>} the oldest first */
const kept = new Map();
let happened = 0;

/** Something happened: what was answered before may be different now. */
export function forget() {
  happened += 1;
  kept.clear();
}

/**
 * Ask, unless it was asked a moment ago: the same object is given then, so do not change it.
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export async function askOnce(path, signal) {
  const at = performance.now();
  for (const [old, one] of kept) {
    if (at - one.at < FRESH) break;
    kept.delete(old);
  }
  const before = kept.get(path);
  if (before) return before.answer;
  const since = happened;
  const answer = await ask(path, signal);
  if (since === happened) kept.set(path, { at, answer });
  return answer;
}

/**
 * Ask all at once, and nothing that was asked a moment ago.
 * @template {Record<string, string>} Paths
 * @param {Paths} paths
 * @param {AbortSignal} signal
 * @returns {Record<keyof Paths, Promise<any>>}
 */
export const askAll = (paths, signal) => /** @type {any} */ (Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, askOnce(path, signal)])));

/**
 * Do all; what fails keeps nothing else from being done, and is told in the end.
 * @param {...(() => Promise<any>)} tasks
 */
export async function together(...tasks) {
  const done = await Promise.allSettled(tasks.map((task) => task()));
  const failed = done.find((one) => one.status === 'rejected');
  if (failed) throw /** @type {PromiseRejectedResult} */ (failed).reason;
}

/**
 * What is there, and the tag that tells whether it was changed since.
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<{body: any, tag: string}>}
 */
export async function askTagged(path, signal) {
  const response = await checked(await fetch(API + path, { signal, headers: { accept: 'application/json' } }));
  return { body: await response.json(), tag: response.headers.get('etag') ?? '' };
}

/**
 * @param {string} path
 * @returns {Promise<string>}
 */
export async function askText(path) {
  return (await checked(await fetch(API + path))).text();
}

/**
 * @param {string} method
 * @param {string} path
 * @param {any} [body]
 * @returns {Promise<any>}
 */
export const send = (method, path, body) => sendTagged(method, path, body, '');

/**
 * The same, if what is changed still has this tag.
 * @param {string} method
 * @param {string} path
 * @param {any} body
 * @param {string} tag
 * @returns {Promise<any>}
 */
export async function sendTagged(method, path, body, tag) {
  const token = sessionStorage.getItem('token');
  /** @type {Record<string, string>} */
  const headers = { accept: 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  if (tag) headers['if-match'] = tag;
  if (body !== undefined) headers['content-type'] = 'application/json';
  forget();
  const response = await checked(await fetch(API + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) }));
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}
