// Reports: how it went and what to do, on screen and on paper, and every download that there is.
import { chart } from '../charts/chart.js';
import * as options from '../charts/options.js';
import { API, address, ask } from '../core/api.js';
import { el } from '../core/dom.js';
import { figure, moment, percent } from '../core/format.js';
import { panel } from '../core/panel.js';
import * as place from '../core/place.js';

/** @param {any} root */
export function reports(root) {
  const summary = panel({ id: 'summary', title: 'Summary', size: 'w4', queries: ['report_summary'] });
  const trend = panel({ id: 'trend', title: 'Score and errors', size: 'w8', queries: ['trends'] });
  const trendChart = chart('Entries and errors over the window', 'low');
  trend.body.append(trendChart.node);
  const advice = panel({ id: 'advice', title: 'What to do', queries: ['recommendations'] });
  const downloads = panel({ id: 'exports', title: 'Downloads' });
  root.replaceChildren(el('h1', 'vh', 'Report'), summary.node, trend.node, advice.node, downloads.node);

  return async (/** @type {AbortSignal} */ signal) => {
    const hours = place.hours();
    const path = address('/analytics/report', { hours });
    const report = await ask(path, signal);
    const from = Date.now() - hours * 3_600_000;
    summary.sub(`the last ${hours} h`);
    summary.source(path);
    const facts = [['Score', `${report.summary.avgPerformanceScore} / 100`], ['Availability', percent(report.summary.uptime)], ['Alerts that fire', String(report.summary.totalAlerts)], ['From', moment(from)], ['To', moment(Date.now())]];
    summary.rows(() => [['What', 'Value'], ...facts]);
    summary.body.replaceChildren(el('dl', 'facts', facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
      el('div', 'bar', el('button', { type: 'button', class: 'act main', onclick: () => print() }, 'Print')));
    trend.source(path);
    trend.rows(() => [['Start', 'Entries', 'Errors', 'Mean ms'], ...report.trends.map((/** @type {any} */ row) => [moment(row.periodStart), row.logsCount, row.errorCount, figure(row.responseTime)])]);
    await trendChart.draw((theme) => options.lines([
      { name: 'entries', colour: 'accent', area: true, points: report.trends.map((/** @type {any} */ row) => [row.periodStart, row.logsCount]) },
      { name: 'errors', colour: 'error', points: report.trends.map((/** @type {any} */ row) => [row.periodStart, row.errorCount]) },
    ], theme), trend.chart);
    advice.sub(`${report.evidence.length} rules found something`);
    advice.source(path);
    advice.rows(() => [['Severity', 'Seen', 'Since', 'What to do'], ...report.evidence.map((/** @type {any} */ row) => [row.severity, row.seen, moment(row.since), row.action])]);
    advice.body.replaceChildren(el('ul', 'list', report.evidence.map((/** @type {any} */ row) => el('li', row.severity, el('b', {}, row.action), el('i', 'word', row.severity.toUpperCase()), el('span', {}, `${row.seen.replace(/\.$/, '')}${row.since ? `, since ${moment(row.since)}` : ''}; look at ${row.view}`))),
      // The rules' own sentences stand above already.
      report.recommendations.filter((/** @type {string} */ text) => !report.evidence.some((/** @type {any} */ row) => text.includes(row.seen.replace(/\.$/, '')))).map((/** @type {string} */ text) => el('li', 'info', el('b', {}, text)))));
    const exports = [['Log entries', '/logs/export', ['ndjson', 'csv', 'parquet', 'arrow']]];
    downloads.source('/logs/export');
    downloads.body.replaceChildren(...exports.map(([name, to, formats]) => el('div', 'bar', `${name}: `, /** @type {string[]} */ (formats).map((format) => el('a', { class: 'act', href: API + address(String(to), { startDate: Math.floor(from), format }), download: '' }, format.toUpperCase())))),
      el('div', 'bar', 'Figures: ', ['/analytics', '/analytics/report', '/analytics/trends', '/analytics/errors', '/downloads', '/costs'].map((to) => el('a', { class: 'act', href: API + address(to, to.startsWith('/analytics') ? { hours } : {}), download: `${to.slice(1).replace('/', '-')}.json` }, `${to.slice(1)}.json`))));
  };
}
