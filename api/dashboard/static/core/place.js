// Where the viewer is: page, range and filters stand in the address, so that every view can be shared and reloaded.
const BASE = '/_dashboard';
/** @type {Set<() => void>} */
const listeners = new Set();

export const page = () => location.pathname.slice(BASE.length).replace(/^\/|\/$/g, '') || 'overview';
/**
 * @param {string} name
 * @param {string} [otherwise]
 */
export const get = (name, otherwise = '') => new URLSearchParams(location.search).get(name) ?? otherwise;
export const hours = () => Number(get('hours', '24')) || 24;

const POINTS = 120;
const SECOND = 1_000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE;
const WIDTHS = [30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];

/**
 * The shortest of the usual periods of which a length of time holds not too many, and whole ones; undefined for none.
 * @param {number} length
 */
const usual = (length) => WIDTHS.find((width) => length / width <= POINTS && length % width === 0);

/**
 * The chosen range as equal periods that consist of the warehouse's own slots, the present one whole. Two questions of one period
 * ask the same, which the server has answered then.
 */
export function periods() {
  const length = hours() * HOUR;
  const width = usual(length) ?? Math.max(1, Math.round(length / POINTS / WIDTHS[0])) * WIDTHS[0];
  const points = Math.max(1, Math.round(length / width));
  const end = Math.ceil(Date.now() / width) * width;
  return { startDate: end - points * width, endDate: end - 1, points };
}

/** What the address asks for as periods: a part of time that stands in it, or the chosen range. */
export function part() {
  const [startDate, endDate] = [get('startDate'), get('endDate')];
  if (!startDate && !endDate) return periods();
  const length = startDate && endDate ? Number(endDate) + 1 - Number(startDate) : NaN;
  const width = length > 0 ? usual(length) : undefined;
  return { startDate, endDate, points: width ? length / width : POINTS };
}

/**
 * @param {string} name
 * @param {Record<string, any>} [query]
 */
export function link(name, query = {}) {
  const kept = new URLSearchParams();
  if (get('hours')) kept.set('hours', get('hours'));
  for (const [key, value] of Object.entries(query)) kept.set(key, String(value));
  const text = kept.toString();
  return `${BASE}${name === 'overview' ? '' : `/${name}`}${text ? `?${text}` : ''}`;
}

/**
 * Change parts of the address; an empty value takes its part away.
 * @param {Record<string, any>} changes
 */
export function set(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '' || value === null || value === undefined) query.delete(name);
    else query.set(name, String(value));
  }
  const text = query.toString();
  go(location.pathname + (text ? `?${text}` : ''), true);
}

/**
 * @param {string} to
 * @param {boolean} [here] the same page with other filters
 */
export function go(to, here = false) {
  history[here ? 'replaceState' : 'pushState'](null, '', to);
  for (const listener of listeners) listener();
}

/** @param {() => void} listener is told when the address changes */
export function watch(listener) {
  listeners.add(listener);
  addEventListener('popstate', listener);
}
