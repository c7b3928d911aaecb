// System: what runs did, what could not be read, where entries are missing, the settings; a sync and audits on demand.
import { ask, send, together } from '../core/api.js';
import { $, el, table, toast } from '../core/dom.js';
import { bytes, count, figure, moment, span } from '../core/format.js';
import { panel } from '../core/panel.js';

/** @param {any} root */
export function system(root) {
  const state = panel({ id: 'state', title: 'State', size: 'w4', queries: ['logs_stats'] });
  const facts = el('div', {});
  const sync = el('button', { type: 'button', class: 'act main', id: 'sync', onclick: now }, 'Sync now');
  const token = el('input', { type: 'password', id: 'token', autocomplete: 'off', value: sessionStorage.getItem('token') ?? '', onchange: () => sessionStorage.setItem('token', token.value) });
  state.body.append(facts, el('div', 'bar', sync), el('div', 'form', el('label', { for: 'token' }, 'Admin token, where one is set', token)));
  const gaps = panel({ id: 'gaps', title: 'Missing entries', size: 'w8', queries: ['gaps'] });
  const runs = panel({ id: 'runs', title: 'Runs', queries: ['runs'] });
  const quarantine = panel({ id: 'quarantine', title: 'Quarantine', queries: ['quarantine', 'quarantine_reasons'] });
  const audits = panel({ id: 'audits', title: 'Audits', size: 'w4', queries: ['duplicate_lines', 'file_rows', 'future_entries', 'gaps', 'object_rows', 'rollup'].map((name) => `audits/${name}`) });
  const outcome = el('div', { role: 'status' }, el('p', 'none', 'Files, rows, rollups and the bucket, checked against each other. Nothing is changed.'));
  const depth = el('select', { id: 'depth' }, el('option', { value: 'quick' }, 'Quick: files and rows'), el('option', { value: 'whole' }, 'Everything: checksums, rollups, bucket'));
  const check = el('button', { type: 'button', class: 'act', id: 'verify', onclick: verify }, 'Check now');
  audits.body.append(el('div', 'form', el('label', { for: 'depth' }, 'How much', depth)), el('div', 'bar', check), outcome);
  audits.rows(() => [['Check', 'Where', 'What', 'What to do']]);
  audits.node.querySelector('.source').textContent = 'Source: POST /verify, which runs sql/audits';
  const settings = panel({ id: 'settings', title: 'Settings', size: 'w8' });
  settings.sql('-- No query gives these. Each is a variable of the environment, a line of the settings file, or its default.');
  root.replaceChildren(el('h1', 'vh', 'System'), state.node, gaps.node, runs.node, audits.node, settings.node, quarantine.node);

  async function verify() {
    check.disabled = true;
    outcome.replaceChildren(el('p', 'none', 'Looking …'));
    try {
      const found = await send('POST', '/verify', { quick: depth.value === 'quick' });
      const looked = `${count(found.files)} files, ${count(found.dates)} days${found.objects ? `, ${count(found.objects)} objects` : ''}`;
      audits.sub(looked);
      audits.rows(() => [['Check', 'Where', 'What', 'What to do'], ...found.findings.map((/** @type {any} */ one) => [one.check, one.where, one.what, one.advice])]);
      outcome.replaceChildren(found.findings.length ? table([{ name: 'Check', left: true }, { name: 'Where', left: true }, { name: 'What', left: true, wrap: true }, { name: 'What to do', left: true, wrap: true }], found.findings.map((/** @type {any} */ one) => [one.check, one.where, one.what, one.advice]), 'Findings', 'cards') : el('ul', 'list', el('li', 'ok', el('b', {}, 'All is well'), el('span', {}, `${looked}: nothing found.`))));
    } catch (error) {
      outcome.replaceChildren(el('p', 'bad-text', /** @type {Error} */ (error).message));
    }
    check.disabled = false;
  }

  async function now() {
    sync.disabled = true;
    sync.textContent = 'Syncing …';
    try {
      const done = await send('POST', '/sync');
      toast(`${count(done.objects)} new objects, ${count(done.entriesCount)} entries, in ${figure(done.durationMs / 1000)} s.`);
    } catch (error) {
      toast(/** @type {Error} */ (error).message, true);
    }
    sync.disabled = false;
    sync.textContent = 'Sync now';
  }

  return async (/** @type {AbortSignal} */ signal) => {
    const paths = { stats: '/logs/stats', gaps: '/gaps', runs: '/runs?limit=25', quarantine: '/quarantine?limit=25', settings: '/settings' };
    await together(async () => {
      const stats = await ask(paths.stats, signal);
      state.source(paths.stats);
      const shown = [['Last sync', stats.lastSync === null ? 'never' : moment(stats.lastSync)], ['Entries', count(stats.totalEntries)], ['Log objects', `${count(stats.objects)}, ${bytes(stats.totalSize)}`], ['Parquet on disk', bytes(stats.warehouseSize)], ['Log text to Parquet', stats.compressionRatio === null ? '–' : `${figure(stats.compressionRatio)} : 1`], ['Lines in quarantine', count(stats.rejectedLines)], ['Oldest entry', moment(stats.oldestEntry)], ['Newest entry', moment(stats.newestEntry)]];
      state.rows(() => [['What', 'Value'], ...shown]);
      facts.replaceChildren(el('dl', 'facts', shown.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))));
    }, async () => {
      const missing = await ask(paths.gaps, signal);
      gaps.sub(missing.count ? `${missing.count} in 7 days` : 'none in 7 days');
      gaps.source(paths.gaps);
      gaps.rows(() => [['From', 'To', 'Minutes', 'Expected entries'], ...missing.gaps.map((/** @type {any} */ gap) => [moment(gap.startsAt), moment(gap.endsAt), gap.minutes, gap.expectedEntries])]);
      gaps.body.replaceChildren(missing.count ? table([{ name: 'From', left: true }, { name: 'To', left: true }, { name: 'Length' }, { name: 'Entries expected' }], missing.gaps.map((/** @type {any} */ gap) => [moment(gap.startsAt), gap.open ? 'now' : moment(gap.endsAt), span(gap.minutes * 60000), count(gap.expectedEntries)]), 'Missing entries', 'cards') : el('p', 'none', 'No stretch without entries where some were to be expected.'));
    }, async () => {
      const done = await ask(paths.runs, signal);
      runs.sub(`the latest ${done.runs.length}`);
      runs.source(paths.runs);
      runs.rows(() => [['Start', 'Kind', 'Status', 'Objects', 'Entries', 'Milliseconds', 'Class A', 'Class B', 'Dollars'], ...done.runs.map((/** @type {any} */ run) => [moment(run.startedAt), run.kind, run.status, run.objects, run.entries, run.durationMs, run.classA, run.classB, run.operationsDollars])]);
      runs.body.replaceChildren(table([{ name: 'Start', left: true }, { name: 'Kind', left: true }, { name: 'Status', left: true }, { name: 'Objects' }, { name: 'Entries' }, { name: 'Took' }, { name: 'Class A' }, { name: 'Class B' }, { name: '$' }, { name: 'What', left: true, wrap: true }],
        done.runs.map((/** @type {any} */ run) => [moment(run.startedAt), run.kind, run.status, count(run.objects), count(run.entries), `${figure((run.durationMs ?? 0) / 1000)} s`, count(run.classA), count(run.classB), figure(run.operationsDollars), run.detail ?? '']), 'Runs', 'cards'));
    }, async () => {
      const refused = await ask(paths.quarantine, signal);
      quarantine.sub(`${count(refused.totalCount)} lines`);
      quarantine.source(paths.quarantine);
      quarantine.rows(() => [['Object', 'Line', 'Reason', 'Text'], ...refused.lines.map((/** @type {any} */ line) => [line.objectKey, line.line, line.reason, line.raw])]);
      quarantine.body.replaceChildren(refused.totalCount ? table([{ name: 'Object', left: true }, { name: 'Line' }, { name: 'Reason', left: true, wrap: true }, { name: 'Begins with', left: true, wrap: true }], refused.lines.map((/** @type {any} */ line) => [line.objectKey, count(line.line), line.reason, line.raw.slice(0, 90)]), 'Lines in quarantine', 'cards') : el('p', 'none', 'Every line could be read.'));
    }, async () => {
      const set = await ask(paths.settings, signal);
      settings.sub('secrets are left out');
      settings.source(paths.settings);
      settings.rows(() => [['Setting', 'Value', 'Default', 'What it does'], ...set.settings.map((/** @type {any} */ one) => [one.env[0] ?? one.name, one.value, one.default, one.about])]);
      settings.body.replaceChildren(table([{ name: 'Setting', left: true }, { name: 'Value', left: true, wrap: true }, { name: 'What it does', left: true, wrap: true }], set.settings.map((/** @type {any} */ one) => [one.env[0] ?? one.name, one.value ?? '–', one.about]), 'Settings', 'cards'));
    });
    $('#sync').dataset.ready = 'true';
  };
}
