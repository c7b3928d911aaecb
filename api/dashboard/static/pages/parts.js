// What several pages show.
import { el } from '../core/dom.js';
import { clock, figure, shortMoment, span } from '../core/format.js';

const HEALTH = ['healthy', 'warning', 'critical'];
/** @type {Record<string, string>} */
const UNITS = { errorRate: ' %', warnRate: ' %', availability: ' %', avgResponseTime: ' ms', p50ResponseTime: ' ms', p95ResponseTime: ' ms', p99ResponseTime: ' ms', storageGrowth: ' MB/h', forecastStorage: ' MB' };

/**
 * A rule's condition and value in words.
 * @param {string} condition
 * @param {number | null} value
 */
export const valueText = (condition, value) => (value === null ? 'no value' : condition === 'systemHealth' ? HEALTH[value] : `${figure(value)}${UNITS[condition] ?? ''}`);

/**
 * An alert that fires.
 * @param {any} alert
 * @param {...any} acts buttons
 */
export function alertItem(alert, ...acts) {
  const since = alert.since === null || alert.since === undefined ? '' : `, for ${span(Date.now() - alert.since)}`;
  return el('li', alert.severity ?? 'warning', el('b', {}, alert.group ? `${alert.name}: ${alert.group}` : alert.name), el('i', 'word', String(alert.severity ?? '').toUpperCase()),
    el('span', {}, `${alert.condition} ${valueText(alert.condition, alert.value)}, limit ${valueText(alert.condition, alert.threshold)}${since}`), acts.length ? el('div', 'acts', acts) : null);
}

/**
 * @param {string} text
 * @param {string[]} words parts to mark
 * @returns {any[]}
 */
export function marked(text, words) {
  const found = words.filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (!found.length) return [text];
  return text.split(new RegExp(`(${found.join('|')})`, 'i')).map((part, i) => (i % 2 ? el('mark', {}, part) : part));
}

/**
 * A log entry, folded.
 * @param {any} entry
 * @param {{words?: string[], fresh?: boolean, acts?: (entry: any) => any[]}} how
 */
export function entryRow(entry, { words = [], fresh = false, acts } = {}) {
  const time = el('time', { datetime: new Date(entry.timestamp).toISOString() }, Date.now() - entry.timestamp < 86_400_000 ? clock(entry.timestamp) : shortMoment(entry.timestamp));
  const details = el('details', {}, el('summary', {}, time, el('span', 'level', entry.level.toUpperCase()), el('span', 'message', marked(entry.message, words)), el('span', 'from', entry.source ?? '')));
  details.addEventListener('toggle', () => {
    if (!details.open || details.children.length > 1) return;
    const { message, level, extra, ...rest } = entry;
    details.append(el('pre', { tabindex: '0' }, JSON.stringify({ time: time.dateTime, ...rest, ...extra }, null, 2)));
    if (acts) details.append(el('div', 'acts', acts(entry)));
  });
  return el('li', `l-${entry.level} ${fresh ? 'new' : ''}`, details);
}
