// Overview: how it goes, what was unusual, what is to come.
import { chart } from '../charts/chart.js';
import * as options from '../charts/options.js';
import { address, askAll, together } from '../core/api.js';
import { el } from '../core/dom.js';
import { count, figure, moment, span, zone } from '../core/format.js';
import { panel } from '../core/panel.js';
import * as place from '../core/place.js';
import { figures, room, sources } from './figures.js';
import { alertItem, valueText } from './parts.js';

/**
 * What was unusual, as stretches of time in a window; where several things were in one hour, the most unusual one names it.
 * @param {any[]} anomalies
 * @param {number} from
 * @param {number} to
 * @returns {{start: number, end: number, text: string}[]}
 */
function stretches(anomalies, from, to) {
  const found = new Map();
  for (const row of [...anomalies].sort((a, b) => b.score - a.score)) if (!found.has(row.time)) found.set(row.time, row);
  /** @type {{start: number, end: number, text: string}[]} */
  const joined = [];
  for (const row of [...found.values()].sort((a, b) => a.time - b.time)) {
    const start = Math.max(row.time, from), end = Math.min(row.time + row.grainSeconds * 1000, to);
    const before = joined[joined.length - 1];
    if (before?.end === start) before.end = end;
    else if (start < end) joined.push({ start, end, text: row.subject ?? row.metric });
  }
  return joined;
}

/** @param {any} root */
export function overview(root) {
  const kpis = room();
  const events = panel({ id: 'events', title: 'Entries by level', size: 'w8', queries: ['logs_histogram', 'anomalies'] });
  const eventsChart = chart('Log entries over time, by level');
  events.body.append(eventsChart.node);
  const alerts = panel({ id: 'alerts', title: 'Alert center', size: 'w4', queries: ['alerts'] });
  const ahead = panel({ id: 'ahead', title: 'Next 24 hours', size: 'w8', queries: ['predict', 'trends'] });
  const aheadChart = chart('Log entries of the last two days, and those expected', 'low');
  ahead.body.append(aheadChart.node);
  const downloads = panel({ id: 'downloads', title: 'Most downloaded', size: 'w4', queries: ['downloads_by'] });
  const downloadsChart = chart('Most downloaded packages', 'low');
  downloads.body.append(downloadsChart.node);
  const errors = panel({ id: 'errors', title: 'Top errors', size: 'w8', queries: ['error_templates'] });
  const unusual = panel({ id: 'unusual', title: 'Unusual', size: 'w4', queries: ['anomalies'] });
  root.replaceChildren(el('h1', 'vh', 'Overview'), kpis, events.node, alerts.node, ahead.node, downloads.node, errors.node, unusual.node);

  /** @type {any[]} what the forecast was drawn from */
  let aheadFrom = [];

  return async (/** @type {AbortSignal} */ signal) => {
    const hours = place.hours();
    const range = place.periods();
    const paths = {
      ...sources(hours),
      histogram: address('/logs/histogram', range),
      anomalies: address('/analytics/anomalies', { hours, limit: 20 }),
      alerts: address('/analytics/alerts', { hours }),
      rules: '/analytics/alerts/rules',
      predict: '/analytics/predict?hours=24',
      trends: '/analytics/trends?hours=48&points=48',
      errors: address('/analytics/errors', { hours, limit: 8, points: 24 }),
    };
    const got = askAll(paths, signal);
    await together(async () => kpis.replaceChildren(...await figures(got)), async () => {
      const [histogram, anomalies] = await Promise.all([got.histogram, got.anomalies]);
      const rows = histogram.histogram;
      const marks = stretches(anomalies.anomalies, range.startDate, range.endDate + 1);
      events.sub(`${hours} h in ${rows.length} periods of ${span(rows[0].periodEnd - rows[0].periodStart)}, ${anomalies.total} unusual`);
      events.source(paths.histogram, paths.anomalies);
      events.rows(() => [['Start', 'error', 'warn', 'info', 'debug'], ...rows.map((/** @type {any} */ row) => [moment(row.periodStart), row.error, row.warn, row.info, row.debug])]);
      await eventsChart.draw((theme) => options.levels({ rows, marks }, theme), events.chart);
    }, async () => {
      const [firing, rules] = await Promise.all([got.alerts, got.rules]);
      alerts.sub(`${firing.count} firing of ${rules.count} rules`);
      alerts.source(paths.alerts, paths.rules);
      alerts.rows(() => [['Rule', 'Value', 'Limit'], ...firing.alerts.map((/** @type {any} */ row) => [row.name, row.value, row.threshold])]);
      const quiet = rules.rules.filter((/** @type {any} */ rule) => rule.enabled && !firing.alerts.some((/** @type {any} */ row) => row.id === rule.id)).slice(0, Math.max(0, 5 - firing.count));
      alerts.body.replaceChildren(el('ul', 'list', firing.alerts.map((/** @type {any} */ row) => alertItem(row)), quiet.map((/** @type {any} */ rule) => el('li', 'ok', el('b', {}, rule.name), el('i', 'word', 'QUIET'), el('span', {}, `limit ${valueText(rule.metric, rule.threshold)}`)))),
        el('p', 'source', el('a', { href: place.link('alerts') }, 'Rules and history')));
    }, async () => {
      const [predicted, trends] = await Promise.all([got.predict, got.trends]);
      // Another range does not change what is to come.
      const from = [predicted, trends, zone()];
      if (from.every((one, i) => one === aheadFrom[i])) return;
      aheadFrom = from;
      const logs = predicted.series.find((/** @type {any} */ row) => row.metric === 'logs');
      ahead.source(paths.predict, paths.trends);
      ahead.sub(logs ? `${count(predicted.prediction.predictedLogs)} entries, ${count(predicted.prediction.predictedErrors)} errors; confidence ${figure(predicted.prediction.confidence)} %` : predicted.reason);
      const past = trends.trends.map((/** @type {any} */ row) => [row.periodStart, row.logsCount]);
      const path = logs ? logs.path : [];
      ahead.rows(() => [['Hour', 'Expected', '80 % from', 'to', '95 % from', 'to'], ...path.map((/** @type {any} */ hour) => [moment(hour.time), figure(hour.value), figure(hour.low80), figure(hour.high80), figure(hour.low95), figure(hour.high95)])]);
      await aheadChart.draw((theme) => options.forecast({ past, path, name: 'entries per hour' }, theme), ahead.chart);
    }, async () => {
      const top = await got.downloads;
      downloads.sub(`${count(top.totals.downloads)} by ${count(top.totals.clients)} clients`);
      downloads.source(paths.downloads);
      downloads.rows(() => [['Package', 'Downloads', 'Clients'], ...top.rows.map((/** @type {any} */ row) => [row.name, row.downloads, row.clients])]);
      await downloadsChart.draw((theme) => options.top(top.rows.map((/** @type {any} */ row) => ({ name: row.name, value: row.downloads })), theme), downloads.chart);
    }, async () => {
      const faults = await got.errors;
      errors.sub(`${count(faults.totalErrors)} errors of ${count(faults.totalTemplates)} kinds`);
      errors.source(paths.errors);
      errors.rows(() => [['Error', 'Count', 'Before', 'First', 'Last'], ...faults.errors.map((/** @type {any} */ row) => [row.template, row.count, row.previousCount, moment(row.firstSeen), moment(row.lastSeen)])]);
      errors.body.replaceChildren(faults.errors.length ? el('ul', 'list', faults.errors.map((/** @type {any} */ row) => el('li', 'critical', el('b', {}, row.template), el('time', {}, `${count(row.count)}×`),
        el('span', {}, `${figure(row.share)} % of all errors${row.isNew ? ', new' : `, ${count(row.previousCount)} before`}, last ${moment(row.lastSeen)} · `, el('a', { href: place.link('logs', { level: 'error', q: row.example.message.slice(0, 60) }) }, 'show entries'))))) : el('p', 'none', 'No errors in this window.'));
    }, async () => {
      const anomalies = await got.anomalies;
      unusual.sub(`${anomalies.total} in ${hours} h`);
      unusual.source(paths.anomalies);
      unusual.rows(() => [['Time', 'In', 'Score', 'What'], ...anomalies.anomalies.map((/** @type {any} */ row) => [moment(row.time), row.metric, figure(row.score), row.reason])]);
      unusual.body.replaceChildren(anomalies.total ? el('ul', 'list', anomalies.anomalies.slice(0, 6).map((/** @type {any} */ row) => el('li', row.score > 0.9 ? 'critical' : 'warning', el('b', {}, row.subject ?? row.metric), el('time', {}, moment(row.time)), el('span', {}, row.reason)))) : el('p', 'none', 'Every hour was like those before.'));
    });
  };
}
