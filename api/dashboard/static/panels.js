// One function per panel: takes an answer of the API, puts it into the page.
import { $, el, count, figure, bytes, clock, moment, span } from './dom.js';
import { bars, lines } from './chart.js';

function change(now, before, unit, lessIsBetter) {
  const difference = now - before;
  if (Math.abs(difference) < 0.005) return el('em', '', 'as before');
  const tone = lessIsBetter === undefined ? '' : (difference < 0) === lessIsBetter ? 'good' : 'bad';
  return el('em', tone, `${difference > 0 ? '+' : '−'}${figure(Math.abs(difference))}${unit}`);
}

function kpi(label, value, unit, note, state = '') {
  return el('article', `kpi ${state}`, el('p', '', label), el('strong', '', value, unit ? el('small', '', unit) : null), note);
}

const above = (value, warning, critical) => (value > critical ? 'critical' : value > warning ? 'warning' : '');

export function figures(now) {
  const was = now.previous;
  const p95 = now.p95ResponseTime;
  $('#kpis').replaceChildren(
    kpi('Log entries', count(now.totalLogs), '', change(now.totalLogs, was.totalLogs, '')),
    kpi('Error rate', figure(now.errorRate), '%', change(now.errorRate, was.errorRate, ' pt', true), above(now.errorRate, 10, 20)),
    kpi('Mean response', figure(now.avgResponseTime), 'ms', change(now.avgResponseTime, was.avgResponseTime, ' ms', true), above(now.avgResponseTime, 1000, 2000)),
    kpi('95th percentile', p95 === null ? '–' : figure(p95), p95 === null ? '' : 'ms', p95 === null || was.p95ResponseTime === null
      ? el('em', '', `${figure(now.responseTimeCoverage)} % timed`) : change(p95, was.p95ResponseTime, ' ms', true)),
    kpi('Storage growth', figure(now.storageGrowth), 'MB/h', change(now.storageGrowth, was.storageGrowth, ' MB/h')),
    kpi('Performance score', figure(now.performanceScore), '/ 100', el('em', now.systemHealth === 'healthy' ? 'good' : 'bad', now.systemHealth), now.systemHealth),
  );
}

export function errors(answer) {
  const rows = answer.topErrorMessages.map((row) => el('li', '', el('span', '', row.message), el('b', '', `${count(row.count)}×`)));
  $('#errors').replaceChildren(...(rows.length ? rows : [el('li', 'none', 'No errors in this window.')]));
}

export function trends(answer) {
  const points = answer.trends;
  $('#trends-sub').textContent = `${answer.hours} h in ${points.length} periods of ${span(points[0].periodEnd - points[0].periodStart)}`;
  bars($('#c-entries'), points);
  lines($('#c-response'), points);
  const head = el('tr', '', ...['Start (UTC)', 'Entries', 'Errors', 'Warnings', 'Mean ms', 'p95 ms', 'Stored MB'].map((name) => {
    const cell = el('th', '', name);
    cell.scope = 'col';
    return cell;
  }));
  const rows = points.map((point) => {
    const start = el('th', '', moment(point.periodStart));
    start.scope = 'row';
    const p95 = point.p95ResponseTime;
    const cells = [count(point.logsCount), count(point.errorCount), count(point.warnCount), figure(point.responseTime), p95 === null ? '–' : figure(p95), figure(point.storageUsed)];
    return el('tr', '', start, ...cells.map((cell) => el('td', '', cell)));
  });
  $('#t-trends').replaceChildren(el('table', '', el('thead', '', head), el('tbody', '', ...rows)));
}

const UNITS = { errorRate: ' %', avgResponseTime: ' ms', storageGrowth: ' MB/h', systemHealth: '' };
const HEALTH = ['healthy', 'warning', 'critical'];

export function alerts(answer) {
  $('#alerts-sub').textContent = answer.count ? `${answer.count} firing` : 'all quiet';
  const rows = answer.alerts.map((alert) => {
    const health = alert.condition === 'systemHealth';
    const value = health ? HEALTH[alert.value] : `${figure(alert.value)}${UNITS[alert.condition]}`;
    const limit = health ? 'fires from warning on' : `limit ${figure(alert.threshold)}${UNITS[alert.condition]}`;
    const since = alert.since === null ? '' : `, for ${span(Date.now() - alert.since)}`;
    return el('li', alert.severity, el('b', '', alert.name), el('span', 'sev', alert.severity.toUpperCase()), el('span', 'why', `${value}, ${limit}${since}`));
  });
  $('#alerts').replaceChildren(...(rows.length ? rows : [el('li', 'quiet', 'No rule fires.')]));
}

export function storage({ logs, bucket }) {
  const fact = (name, value, tone) => el('div', '', el('dt', '', name), el('dd', tone, value));
  const r2 = bucket.r2;
  $('#storage').replaceChildren(
    fact('Last sync', logs.lastSync === null ? 'never' : `${moment(logs.lastSync)} UTC`, logs.lastSync === null ? 'bad' : ''),
    fact('Entries', count(logs.totalEntries)),
    fact('Log objects', `${count(logs.objects)}, ${bytes(logs.totalSize)}`),
    fact('Bucket in all', `${bytes(r2.totalSize)}, ${r2.storageClass}`),
    fact('Packages', count(r2.totalPackages)),
    fact('Parquet on disk', bytes(logs.warehouseSize)),
    fact('Log text to Parquet', logs.compressionRatio === null ? '–' : `${figure(logs.compressionRatio)} : 1`),
    fact('Lines in quarantine', count(logs.rejectedLines), logs.rejectedLines ? 'bad' : ''),
    fact('Oldest entry', logs.oldestEntry === null ? '–' : moment(logs.oldestEntry)),
    fact('Newest entry', logs.newestEntry === null ? '–' : moment(logs.newestEntry)),
  );
}

const open = new Set();

export function entries(answer) {
  const shown = answer.logs.length;
  $('#logs-sub').textContent = `${count(shown)} of ${count(answer.totalCount)}`;
  const today = new Date().toISOString().slice(0, 10);
  const rows = answer.logs.map((entry) => {
    const key = `${entry.objectKey}:${entry.line}`;
    const iso = new Date(entry.timestamp).toISOString();
    const time = el('time', '', iso.startsWith(today) ? clock(entry.timestamp) : iso.slice(5, 16).replace('T', ' '));
    time.dateTime = iso;
    const details = el('details', '', el('summary', '', time, el('span', 'level', entry.level.toUpperCase()),
      el('span', 'message', entry.message), el('span', 'source', entry.source ?? '')));
    const unfold = () => {
      if (details.children.length === 1) details.append(el('pre', '', JSON.stringify({ time: iso, configHash: entry.configHash, ...entry.metadata }, null, 2)));
    };
    details.open = open.has(key);
    if (details.open) unfold();
    details.addEventListener('toggle', () => {
      if (details.open) unfold();
      open[details.open ? 'add' : 'delete'](key);
    });
    return el('li', `l-${entry.level}`, details);
  });
  $('#rows').replaceChildren(...(rows.length ? rows : [el('li', 'none', 'No entries.')]));
}
