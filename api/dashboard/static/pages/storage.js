// Storage: what the buckets hold, how it grows, what it costs, what a cleanup would free.
import { chart } from '../charts/chart.js';
import * as options from '../charts/options.js';
import { address, askOnce, send, together } from '../core/api.js';
import { el, table, toast } from '../core/dom.js';
import { bytes, count, figure, moment } from '../core/format.js';
import { panel } from '../core/panel.js';
import * as place from '../core/place.js';

/** @param {any} root */
export function storage(root) {
  const growth = panel({ id: 'growth', title: 'Stored by hour', size: 'w8', queries: ['inventory_growth'] });
  const growthChart = chart('Bytes newly stored by hour', 'low');
  growth.body.append(growthChart.node);
  const costs = panel({ id: 'costs', title: 'Cost ahead', size: 'w4', queries: ['costs'] });
  const costsChart = chart('Dollars a month, twelve months ahead', 'low');
  costs.body.append(costsChart.node);
  const holdings = panel({ id: 'holdings', title: 'What is held', size: 'w8', queries: ['inventory'] });
  const cleanup = panel({ id: 'cleanup', title: 'Cleanup', size: 'w4', queries: ['costs_cleanup'] });
  const packages = panel({ id: 'by-package', title: 'By package', size: 'w8', queries: ['inventory_packages'] });
  const grown = panel({ id: 'package-growth', title: 'Packages over time', size: 'w4', queries: ['package_growth'] });
  const grownChart = chart('What packages took at the end of each day', 'low');
  const which = el('select', { 'aria-label': 'Package', onchange: (/** @type {any} */ event) => place.set({ package: event.target.value }) });
  grown.body.append(el('div', 'bar', el('span', 'field grow', which)), grownChart.node);
  const outcome = el('div', { role: 'status' });
  const days = el('input', { type: 'number', id: 'days', name: 'days', min: '1', max: '3650', value: '30' });
  const scope = el('select', { id: 'scope', name: 'scope' }, ['warehouse', 'bucket', 'both'].map((name) => el('option', { value: name }, name)));
  const runIt = el('button', { type: 'button', class: 'act danger', disabled: true, onclick: () => clean(false) }, 'Delete');
  cleanup.body.append(el('div', 'form', el('label', {}, 'Older than, days', days), el('label', {}, 'Where', scope)), el('div', 'bar', el('button', { type: 'button', class: 'act', onclick: () => clean(true) }, 'Preview'), runIt), outcome);
  cleanup.rows(() => [['What', 'Value']]);
  for (const field of [days, scope]) field.addEventListener('input', () => { runIt.disabled = true; });
  root.replaceChildren(el('h1', 'vh', 'Storage'), growth.node, costs.node, holdings.node, cleanup.node, packages.node, grown.node);

  /** @param {boolean} dryRun */
  async function clean(dryRun) {
    const where = scope.value;
    if (!dryRun && !confirm(`Delete everything older than ${days.value} days from the ${where}? This cannot be undone.`)) return;
    runIt.disabled = true;
    try {
      const done = await send('POST', '/logs/cleanup', { retentionDays: Number(days.value), scope: where, dryRun });
      const facts = [
        [dryRun ? 'Would delete' : 'Deleted', `${count(done.deletedCount)} entries`],
        ['Objects of the bucket', count(done.deletedObjects ?? 0)],
        [dryRun ? 'Would free' : 'Freed', bytes(done.freedSpace)],
        ['Older than', moment(done.cutoff)],
      ];
      cleanup.rows(() => [['What', 'Value'], ...facts]);
      outcome.replaceChildren(el('dl', 'facts', facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))));
      runIt.disabled = !dryRun || !done.deletedCount;
    } catch (error) {
      outcome.replaceChildren();
      toast(/** @type {Error} */ (error).message, true);
    }
  }

  return async (/** @type {AbortSignal} */ signal) => {
    const chosen = place.get('package');
    const paths = { inventory: '/inventory', costs: '/costs', packages: '/inventory/packages?limit=30', growth: address('/inventory/packages/growth', { days: 90, package: chosen }) };
    cleanup.sub('nothing is deleted before you saw what');
    cleanup.source(paths.costs);
    await together(async () => {
      const held = await askOnce(paths.inventory, signal);
      holdings.source(paths.inventory);
      holdings.rows(() => [['Bucket', 'Prefix', 'Class', 'Objects', 'Bytes'], ...held.holdings.map((/** @type {any} */ row) => [row.bucket, row.prefix, row.storageClass, row.objects, row.bytes])]);
      holdings.body.replaceChildren(table([{ name: 'Bucket', left: true }, { name: 'Prefix', left: true }, { name: 'Class', left: true }, { name: 'Objects' }, { name: 'Size' }, { name: 'Last day' }, { name: 'Last 30 days' }],
        held.holdings.map((/** @type {any} */ row) => [row.bucket, row.prefix, row.storageClass, count(row.objects), bytes(row.bytes), bytes(row.bytesLastDay), bytes(row.bytesLastMonth)]), 'What is held', 'cards'));
      growth.source(paths.inventory);
      growth.sub(`the last ${held.hourly.length} hours`);
      growth.rows(() => [['Hour', 'Objects', 'Bytes'], ...held.hourly.map((/** @type {any} */ row) => [moment(row.start), row.objects, row.bytes])]);
      await growthChart.draw((theme) => options.lines([{ name: 'MB newly stored', colour: 'violet', area: true, points: held.hourly.map((/** @type {any} */ row) => [row.start, row.bytes / 1048576]) }], theme), growth.chart);
    }, async () => {
      const ahead = await askOnce(paths.costs, signal);
      const month = ahead.months[0];
      costs.source(paths.costs);
      costs.sub(`this month ${figure(month.storageDollars)} $ of storage, ${figure(month.operationsDollars)} $ of operations`);
      costs.rows(() => [['Month', 'Stored bytes', 'Storage $', 'Operations $'], ...ahead.months.map((/** @type {any} */ row) => [moment(row.startsAt), row.storedBytes, row.storageDollars, row.operationsDollars])]);
      await costsChart.draw((theme) => options.lines([
        { name: 'storage $', colour: 'violet', area: true, points: ahead.months.map((/** @type {any} */ row) => [row.startsAt, row.storageDollars]) },
        { name: 'operations $', colour: 'amber', points: ahead.months.map((/** @type {any} */ row) => [row.startsAt, row.operationsDollars]) },
      ], theme), costs.chart);
    }, async () => {
      const largest = await askOnce(paths.packages, signal);
      packages.source(paths.packages);
      packages.sub(`${count(largest.count)} packages, ${bytes(largest.bytes)}`);
      packages.rows(() => [['Package', 'Versions', 'Objects', 'Bytes'], ...largest.packages.map((/** @type {any} */ row) => [row.name, row.versions, row.objects, row.bytes])]);
      packages.body.replaceChildren(largest.count ? table([{ name: 'Package', left: true }, { name: 'Versions' }, { name: 'Objects' }, { name: 'Size' }, { name: 'Share' }, { name: 'Last stored' }],
        largest.packages.map((/** @type {any} */ row) => [el('a', { href: place.link('storage', { package: row.name }) }, row.name), count(row.versions), count(row.objects), bytes(row.bytes), `${figure(row.share)} %`, moment(row.lastStored)]), 'What each package takes', 'cards') : el('p', 'none', 'No package is stored.'));
      const names = largest.packages.map((/** @type {any} */ row) => row.name);
      which.replaceChildren(el('option', { value: '' }, 'All packages'), ...(chosen && !names.includes(chosen) ? [chosen, ...names] : names).map((/** @type {string} */ name) => el('option', { value: name, selected: name === chosen }, name)));
    }, async () => {
      const { days } = await askOnce(paths.growth, signal);
      const last = days[days.length - 1];
      grown.source(paths.growth);
      grown.sub(`${chosen || 'all packages'}: ${count(last.storedObjects)} objects, ${bytes(last.storedBytes)}`);
      grown.rows(() => [['Day', 'Objects', 'Bytes', 'Objects then', 'Bytes then'], ...days.map((/** @type {any} */ row) => [moment(row.start), row.objects, row.bytes, row.storedObjects, row.storedBytes])]);
      await grownChart.draw((theme) => options.lines([{ name: 'MB stored', colour: 'violet', area: true, points: days.map((/** @type {any} */ row) => [row.start, row.storedBytes / 1048576]) }], theme), grown.chart);
    });
  };
}
