// Packages: who installs what, which versions and clients, what nobody installs.
import { chart } from '../charts/chart.js';
import * as options from '../charts/options.js';
import { address, askOnce, together } from '../core/api.js';
import { el, table } from '../core/dom.js';
import { bytes, count, figure, moment } from '../core/format.js';
import { panel } from '../core/panel.js';
import * as place from '../core/place.js';

const KINDS = ['package', 'version', 'agent', 'client'];

/** @param {any} root */
export function packages(root) {
  const daily = panel({ id: 'daily', title: 'Downloads by day', queries: ['downloads_by'] });
  const dailyChart = chart('Downloads by day', 'low');
  daily.body.append(dailyChart.node);
  const list = panel({ id: 'downloads', title: 'Downloads', size: 'w8', queries: ['downloads_by', 'downloads_totals'] });
  const kinds = el('div', { class: 'seg', role: 'group', 'aria-label': 'By' });
  const name = el('input', { type: 'search', id: 'package', placeholder: 'Package, exactly', 'aria-label': 'Package', value: place.get('package'), onchange: () => place.set({ package: name.value.trim() }) });
  const body = el('div', {});
  list.body.append(el('div', 'bar', kinds, el('span', 'field grow', name)), body);
  const unused = panel({ id: 'unused', title: 'Nobody installs', size: 'w4', queries: ['downloads_unused'] });
  root.replaceChildren(el('h1', 'vh', 'Packages'), daily.node, list.node, unused.node);

  return async (/** @type {AbortSignal} */ signal) => {
    const days = Math.max(1, Math.ceil(place.hours() / 24));
    const by = KINDS.includes(place.get('by')) ? place.get('by') : 'package';
    const only = place.get('package');
    const paths = { daily: address('/downloads', { days: Math.max(28, days), by: 'day', package: only, limit: 100 }), list: address('/downloads', { days, by, package: only, limit: 50 }), unused: '/downloads/unused?days=90&limit=30' };
    kinds.replaceChildren(...KINDS.map((kind) => el('button', { type: 'button', 'aria-pressed': String(kind === by), onclick: () => place.set({ by: kind === 'package' ? '' : kind }) }, kind)));
    if (document.activeElement !== name) name.value = only;
    await together(async () => {
      const perDay = await askOnce(paths.daily, signal);
      const points = [...perDay.rows].sort((a, b) => a.name.localeCompare(b.name));
      daily.sub(`${perDay.start} to ${perDay.end} (UTC): ${count(perDay.totals.downloads)} downloads, ${count(perDay.totals.publishes)} publishes`);
      daily.source(paths.daily);
      daily.rows(() => [['Day', 'Downloads', 'Clients'], ...points.map((row) => [row.name, row.downloads, row.clients])]);
      await dailyChart.draw((theme) => options.lines([
        { name: 'downloads', colour: 'accent', area: true, points: points.map((row) => [Date.parse(row.name), row.downloads]) },
        { name: 'clients', colour: 'violet', points: points.map((row) => [Date.parse(row.name), row.clients]) },
      ], theme), daily.chart);
    }, async () => {
      const found = await askOnce(paths.list, signal);
      list.sub(`${count(found.totals.downloads)} by ${count(found.totals.clients)} clients, ${found.start} to ${found.end} (UTC)`);
      list.source(paths.list);
      const clients = by === 'client' ? 'Packages' : 'Clients';
      list.rows(() => [[by, 'Downloads', 'Share %', clients, 'Last'], ...found.rows.map((/** @type {any} */ row) => [row.name, row.downloads, figure(row.share), row.clients ?? row.packages, moment(row.lastSeen)])]);
      body.replaceChildren(found.rows.length ? table([{ name: by, left: true }, { name: 'Downloads' }, { name: 'Share' }, { name: clients }, { name: 'Not modified' }, { name: 'Failed' }, { name: 'Last' }],
        found.rows.map((/** @type {any} */ row) => [by === 'package' ? el('a', { href: place.link('packages', { package: row.name, by: 'version' }) }, row.name) : row.name, count(row.downloads), `${figure(row.share)} %`, count(row.clients ?? row.packages), count(row.notModified ?? 0), count(row.failed ?? 0), moment(row.lastSeen)]), 'Downloads', 'cards') : el('p', 'none', 'No download in this time.'));
    }, async () => {
      const idle = await askOnce(paths.unused, signal);
      unused.sub(`${count(idle.count)} in 90 days`);
      unused.source(paths.unused);
      unused.rows(() => [['Package', 'Versions', 'Bytes', 'Last stored'], ...idle.packages.map((/** @type {any} */ row) => [row.name, row.versions, row.bytes, moment(row.storedAt)])]);
      unused.body.replaceChildren(idle.count ? table([{ name: 'Package', left: true }, { name: 'Versions' }, { name: 'Size' }], idle.packages.map((/** @type {any} */ row) => [row.name, count(row.versions), bytes(row.bytes)]), 'Packages without a download') : el('p', 'none', 'Every package was downloaded in 90 days, or is newer.'));
    });
  };
}
