// Reports: how it went and what to do, on screen and on paper, and every download that there is.
import { chart } from '../charts/chart.js';
import * as options from '../charts/options.js';
import { API, address, askAll, together } from '../core/api.js';
import { el, table } from '../core/dom.js';
import { count, figure, moment, percent, span, zoneName } from '../core/format.js';
import { panel } from '../core/panel.js';
import * as place from '../core/place.js';
import { figures, room, sources } from './figures.js';

const ENTRIES = ['ndjson', 'csv', 'parquet', 'arrow'];
const FIGURES = ['/analytics', '/analytics/report', '/analytics/trends', '/analytics/errors', '/downloads', '/costs'];

/** @param {any} root */
export function reports(root) {
  const about = el('p', {});
  const held = el('p', 'held');
  const head = el('header', 'report-head', el('div', {}, el('h1', {}, 'Registry report'), about), held, el('button', { type: 'button', class: 'act main', onclick: () => print() }, 'Print'));
  const kpis = room();
  const events = panel({ id: 'events', title: 'Entries by level', queries: ['logs_histogram'] });
  const eventsChart = chart('Log entries over time, by level');
  events.body.append(eventsChart.node);
  const advice = panel({ id: 'advice', title: 'What to do', queries: ['recommendations', ...['cleanup_pays', 'config_errors', 'error_burst', 'missing_logs', 'retry_storm', 'slow_package', 'unused_packages'].map((name) => `recommendations/${name}`)] });
  const downloads = panel({ id: 'downloads', title: 'Most downloaded', size: 'w6', queries: ['downloads_by'] });
  const downloadsChart = chart('Most downloaded packages', 'low');
  downloads.body.append(downloadsChart.node);
  const faults = panel({ id: 'faults', title: 'Most frequent errors', size: 'w6', queries: ['error_templates'] });
  const faultsChart = chart('Most frequent errors', 'low');
  faults.body.append(faultsChart.node);
  const messages = panel({ id: 'messages', title: 'Error messages', queries: ['error_templates'] });
  const summary = panel({ id: 'summary', title: 'Summary', size: 'w4', queries: ['report_summary'] });
  const exports = panel({ id: 'exports', title: 'Downloads', size: 'w8', queries: ['logs_export'] });
  root.replaceChildren(head, kpis, events.node, advice.node, downloads.node, faults.node, messages.node, summary.node, exports.node);

  return async (/** @type {AbortSignal} */ signal) => {
    const hours = place.hours(), range = place.periods();
    const paths = { ...sources(hours), histogram: address('/logs/histogram', range), errors: address('/analytics/errors', { hours, limit: 8, points: 24 }), report: address('/analytics/report', { hours }), inventory: '/inventory' };
    const got = askAll(paths, signal);
    about.textContent = `${moment(range.startDate)} to ${moment(range.endDate + 1)} ${zoneName()}`;
    showExports(hours, range.startDate);
    await together(async () => kpis.replaceChildren(...await figures(got)), async () => {
      const { holdings } = await got.inventory;
      const buckets = [...new Set(holdings.map((/** @type {any} */ row) => row.bucket))];
      held.textContent = buckets.length ? `bucket ${buckets.join(', ')}` : '';
    }, async () => {
      const rows = (await got.histogram).histogram;
      events.sub(`by ${span(rows[0].periodEnd - rows[0].periodStart)}`);
      events.source(paths.histogram);
      events.rows(() => [['Start', 'error', 'warn', 'info', 'debug'], ...rows.map((/** @type {any} */ row) => [moment(row.periodStart), row.error, row.warn, row.info, row.debug])]);
      await eventsChart.draw((theme) => options.levels({ rows }, theme), events.chart);
    }, async () => {
      const top = await got.downloads;
      downloads.sub(`${count(top.totals.downloads)} by ${count(top.totals.clients)} clients, ${top.start} to ${top.end} (UTC)`);
      downloads.source(paths.downloads);
      downloads.rows(() => [['Package', 'Downloads', 'Clients'], ...top.rows.map((/** @type {any} */ row) => [row.name, row.downloads, row.clients])]);
      await downloadsChart.draw((theme) => options.top(top.rows.map((/** @type {any} */ row) => ({ name: row.name, value: row.downloads })), theme), downloads.chart);
    }, async () => {
      const { errors, totalErrors, totalTemplates } = await got.errors;
      faults.sub(`${count(totalErrors)} errors of ${count(totalTemplates)} kinds`);
      for (const each of [faults, messages]) {
        each.source(paths.errors);
        each.rows(() => [['Error', 'Count', 'Before', 'First', 'Last'], ...errors.map((/** @type {any} */ row) => [row.template, row.count, row.previousCount, moment(row.firstSeen), moment(row.lastSeen)])]);
      }
      messages.body.replaceChildren(errors.length ? table([{ name: 'Message', left: true, wrap: true }, { name: 'Count' }, { name: 'Share' }, { name: 'Before' }, { name: 'First' }, { name: 'Last' }],
        errors.map((/** @type {any} */ row) => [row.template, count(row.count), `${figure(row.share)} %`, row.isNew ? 'new' : count(row.previousCount), moment(row.firstSeen), moment(row.lastSeen)]), 'Error messages', 'cards') : el('p', 'none', 'No errors in this window.'));
      await faultsChart.draw((theme, width) => options.top(errors.slice(0, 6).map((/** @type {any} */ row) => ({ name: row.template, value: row.count })), theme, Math.min(240, width / 2), ['second', 'red']), faults.chart);
    }, async () => {
      const report = await got.report;
      summary.sub(`the last ${hours} h`);
      summary.source(paths.report);
      const facts = [['Mean score', `${report.summary.avgPerformanceScore} / 100`], ['Availability', percent(report.summary.uptime)], ['Alerts that fire', count(report.summary.totalAlerts)]];
      summary.rows(() => [['What', 'Value'], ...facts]);
      summary.body.replaceChildren(el('dl', 'facts', facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))));
      advise(report, paths.report);
    });
  };

  /**
   * @param {any} report
   * @param {string} path
   */
  function advise({ evidence, recommendations }, path) {
    advice.sub(evidence.length === 1 ? '1 rule found something' : `${evidence.length} rules found something`);
    advice.source(path);
    advice.rows(() => [['Severity', 'Seen', 'Since', 'What to do'], ...evidence.map((/** @type {any} */ row) => [row.severity, row.seen, moment(row.since), row.action])]);
    const seen = (/** @type {any} */ row) => row.seen.replace(/\.$/, '');
    // The rules' own sentences stand above already.
    const others = recommendations.filter((/** @type {string} */ text) => !evidence.some((/** @type {any} */ row) => text.includes(seen(row))));
    advice.body.replaceChildren(el('ul', 'list', evidence.map((/** @type {any} */ row) => el('li', row.severity, el('b', {}, row.action), el('i', 'word', row.severity.toUpperCase()), el('span', {}, `${seen(row)}${row.since ? `, since ${moment(row.since)}` : ''}; look at ${row.view}`))),
      others.map((/** @type {string} */ text) => el('li', 'info', el('b', {}, text)))));
  }

  /**
   * @param {number} hours
   * @param {number} startDate
   */
  function showExports(hours, startDate) {
    const entries = ENTRIES.map((format) => ({ name: format.toUpperCase(), path: address('/logs/export', { startDate, format }), file: '' }));
    const others = FIGURES.map((to) => ({ name: `${to.slice(1)}.json`, path: address(to, to.startsWith('/analytics') ? { hours } : {}), file: `${to.slice(1).replace('/', '-')}.json` }));
    const links = (/** @type {typeof entries} */ files) => files.map((one) => el('a', { class: 'act tiny', href: API + one.path, download: one.file }, one.name));
    exports.sub('of this window');
    exports.source('/logs/export');
    exports.rows(() => [['File', 'Address'], ...[...entries, ...others].map((one) => [one.name, API + one.path])]);
    exports.body.replaceChildren(el('div', 'bar', 'Log entries: ', links(entries)), el('div', 'bar', 'Figures: ', links(others)));
  }
}
