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

/**
 * The chosen range as equal periods that consist of the warehouse's own slots of 30 seconds, the present one whole. Two questions
 * of one period ask the same, which the server has answered then.
 * @param {number} points
 */
export function periods(points) {
  const slot = 30_000;
  const width = Math.max(1, Math.round((hours() * 3_600_000) / points / slot)) * slot;
  const end = Math.ceil(Date.now() / width) * width;
  return { startDate: end - points * width, endDate: end - 1 };
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
