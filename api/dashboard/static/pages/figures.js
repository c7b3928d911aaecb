// The six key figures, each with its change and its course: of the overview and of the report.
import { spark } from '../charts/spark.js';
import { address } from '../core/api.js';
import { el } from '../core/dom.js';
import { bytes, count, figure } from '../core/format.js';

/**
 * @param {any} change
 * @param {boolean | undefined} lessIsBetter
 * @param {string} unit
 */
function change(change, lessIsBetter, unit) {
  if (!change || change.difference === null || Math.abs(change.difference) < 0.005) return el('em', {}, 'as before');
  const tone = lessIsBetter === undefined ? '' : (change.difference < 0) === lessIsBetter ? 'good' : 'bad';
  return el('em', tone, `${change.difference > 0 ? '+' : '−'}${figure(Math.abs(change.difference))}${unit}`);
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} unit
 * @param {any} note
 * @param {any} line
 * @param {boolean} bad
 */
const kpi = (name, value, unit, note, line, bad = false) =>
  el('article', `kpi ${bad ? 'bad' : ''}`, el('h2', {}, name), el('strong', {}, value, unit ? el('small', {}, unit) : null), line, note);

/** Room for them, so that nothing moves when they come. */
export const room = () => el('section', { class: 'kpis', 'aria-label': 'Key figures' }, Array.from({ length: 6 }, () => el('article', 'kpi')));

/**
 * What they are asked from.
 * @param {number} hours
 */
export function sources(hours) {
  const days = Math.max(1, Math.ceil(hours / 24));
  return {
    analytics: address('/analytics', { hours }),
    history: address('/analytics/history', { hours, points: 24 }),
    downloads: address('/downloads', { days, limit: 6 }),
    daily: address('/downloads', { days: Math.max(14, days), by: 'day', limit: 60 }),
    stats: '/stats',
  };
}

/**
 * @param {Record<keyof ReturnType<typeof sources>, Promise<any>>} got
 * @returns {Promise<any[]>}
 */
export async function figures(got) {
  const [now, history, top, daily, stats] = await Promise.all([got.analytics, got.history, got.downloads, got.daily, got.stats]);
  /** @param {string} name */
  const line = (name) => history.history.map((/** @type {any} */ row) => row[name]);
  const loads = [...daily.rows].sort((a, b) => a.name.localeCompare(b.name)).map((row) => row.downloads);
  const before = `${top.start === top.end ? 'today; yesterday' : 'with today; before'} ${count(top.totals.previousDownloads)}`;
  return [
    kpi('Entries / min', figure(now.throughput), '', change(now.changes.throughput, undefined, ''), spark(line('throughput'), 'accent')),
    kpi('Error rate', figure(now.errorRate), '%', change(now.changes.errorRate, true, ' pt'), spark(line('errorRate'), 'red'), now.errorRate > 10),
    kpi('p95 response', figure(now.p95ResponseTime), 'ms', change(now.changes.p95ResponseTime, true, ' ms'), spark(line('p95ResponseTime'), 'accent'), now.p95ResponseTime > 2000),
    kpi('Downloads', count(top.totals.downloads), '', el('em', {}, before), spark(loads, 'good')),
    kpi('Stored in R2', bytes(stats.r2.totalSize), '', change(now.changes.storageGrowth, undefined, ' MB/h'), spark(line('storageGrowth'), 'violet')),
    kpi('Health score', figure(now.performanceScore), '/ 100', el('em', now.systemHealth === 'healthy' ? 'good' : 'bad', `${now.systemHealth}, `, change(now.changes.performanceScore, false, '')), spark(line('performanceScore'), 'good'), now.systemHealth === 'critical'),
  ];
}
