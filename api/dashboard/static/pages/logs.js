// Logs: the viewer. Every filter stands in the address; new lines arrive as they are committed.
import { chart } from '../charts/chart.js';
import * as options from '../charts/options.js';
import { API, address, ask, askAll, askOnce, together } from '../core/api.js';
import { el, toast } from '../core/dom.js';
import { count, moment, span } from '../core/format.js';
import { panel } from '../core/panel.js';
import * as place from '../core/place.js';
import { entryRow } from './parts.js';

const LEVELS = ['error', 'warn', 'info', 'debug'];
const PAGE = 100;
const FILTERS = ['level', 'q', 'source', 'package', 'status', 'startDate', 'endDate'];

/** What the address asks for. */
function wanted() {
  const chosen = Object.fromEntries(FILTERS.map((name) => [name, place.get(name)]));
  if (!chosen.startDate && !chosen.endDate) chosen.startDate = String(place.periods().startDate);
  return chosen;
}

/** @param {any} root */
export function logs(root) {
  const when = panel({ id: 'when', title: 'When', queries: ['logs_histogram'] });
  const whenChart = chart('Matching entries over time; drag to choose a part', 'low');
  when.body.append(whenChart.node);
  const chips = el('div', { class: 'bar', role: 'group', 'aria-label': 'Levels' });
  const chipOf = Object.fromEntries(LEVELS.map((name) => [name, el('button', { type: 'button', class: `chip l-${name}`, 'data-level': name, 'aria-pressed': 'true', onclick: () => {
    const pressed = place.get('level') ? place.get('level').split(',') : LEVELS;
    const next = LEVELS.filter((each) => pressed.includes(each) !== (each === name));
    place.set({ level: next.length === LEVELS.length || !next.length ? '' : next.join(',') });
  } }, name.toUpperCase(), el('span', {}))]));
  chips.append(...Object.values(chipOf));
  const search = el('input', { type: 'search', id: 'q', placeholder: 'Search messages', 'aria-label': 'Search messages', value: place.get('q'), oninput: late(() => look()), onchange: () => look() });
  const look = () => place.get('q') === search.value.trim() || place.set({ q: search.value.trim() });
  const choice = (/** @type {string} */ name, /** @type {string} */ title) => el('select', { id: `f-${name}`, 'aria-label': title, onchange: (/** @type {any} */ event) => place.set({ [name]: event.target.value }) });
  const selects = { source: choice('source', 'Source'), package: choice('package', 'Package'), status: choice('status', 'Status') };
  const reset = el('button', { type: 'button', class: 'act tiny', onclick: () => { search.value = ''; place.set(Object.fromEntries(FILTERS.map((name) => [name, '']))); } }, 'Clear filters');
  const viewer = panel({ id: 'viewer', title: 'Log viewer', queries: ['logs_newest', 'logs_count'] });
  const rows = el('ol', { class: 'rows tall', tabindex: '0', 'aria-label': 'Log entries, newest first' });
  const more = el('button', { type: 'button', class: 'act', hidden: true }, 'Show older entries');
  const exports = el('div', 'bar');
  const fields = Object.values(selects).map((select) => el('span', 'field', select));
  viewer.body.append(chips, el('div', 'bar', el('span', 'field grow', search), fields, reset), rows, el('div', 'bar under', more), exports);
  root.replaceChildren(el('h1', 'vh', 'Logs'), when.node, viewer.node);

  /** @type {string | null} */
  let cursor = null;
  /** @type {any[]} the periods that the chart shows now, of which a brush takes whole ones */
  let periods = [];
  const words = () => [place.get('q')];
  const row = (/** @type {any} */ entry, fresh = false) => entryRow(entry, { words: words(), fresh, acts: (shown) => [
    el('button', { type: 'button', class: 'act tiny', onclick: () => navigator.clipboard.writeText(JSON.stringify(shown)).then(() => toast('Copied.'), () => toast('The browser does not let the page copy.', true)) }, 'Copy'),
    el('button', { type: 'button', class: 'act tiny', onclick: () => around(shown).catch((error) => toast(error.message, true)) }, 'Lines around it'),
  ] });
  more.addEventListener('click', async () => {
    const page = await ask(address('/logs', { ...wanted(), limit: PAGE, cursor }));
    cursor = page.nextCursor;
    more.hidden = !page.hasMore;
    rows.append(...page.logs.map((/** @type {any} */ entry) => row(entry)));
  });

  const refresh = async (/** @type {AbortSignal} */ signal) => {
    const chosen = wanted();
    const { level, ...anyLevel } = chosen;
    const paths = { logs: address('/logs', { ...chosen, limit: PAGE }), histogram: address('/logs/histogram', { ...chosen, ...place.part() }), facets: address('/logs/facets', anyLevel) };
    const pressed = level ? level.split(',') : LEVELS;
    for (const name of LEVELS) chipOf[name].setAttribute('aria-pressed', String(pressed.includes(name)));
    if (document.activeElement !== search) search.value = place.get('q');
    exports.replaceChildren('Export all that match: ', ...['ndjson', 'csv', 'parquet', 'arrow'].map((format) => el('a', { class: 'act tiny', href: API + address('/logs/export', { ...chosen, format }), download: '' }, format.toUpperCase())));
    const got = askAll(paths, signal);
    // What else could be chosen is counted without what is chosen.
    const offered = Object.keys(selects).map((name) => (place.get(name) ? askOnce(address('/logs/facets', { ...anyLevel, [name]: '' }), signal) : got.facets));
    await together(async () => {
      const page = await got.logs;
      cursor = page.nextCursor;
      more.hidden = !page.hasMore;
      viewer.sub(`${count(page.totalCount)} entries match`);
      viewer.source(paths.logs, paths.facets);
      viewer.rows(() => [['Time', 'Level', 'Message', 'Source'], ...page.logs.map((/** @type {any} */ entry) => [moment(entry.timestamp), entry.level, entry.message, entry.source])]);
      // The reader's place stays: what is open or scrolled is not replaced by a commit.
      if (!rows.querySelector('details[open]') && rows.scrollTop < 40) {
        rows.replaceChildren(...(page.logs.length ? page.logs.map((/** @type {any} */ entry) => row(entry)) : [el('li', 'none', 'No entry matches.')]));
      }
    }, async () => {
      periods = (await got.histogram).histogram;
      when.sub(periods.length ? `${moment(periods[0].periodStart)} to ${moment(periods[periods.length - 1].periodEnd)}, by ${span(periods[0].periodEnd - periods[0].periodStart)}; drag to choose` : '');
      when.source(paths.histogram);
      when.rows(() => [['Start', 'error', 'warn', 'info', 'debug'], ...periods.map((/** @type {any} */ one) => [moment(one.periodStart), one.error, one.warn, one.info, one.debug])]);
      await whenChart.draw((theme) => options.levels({ rows: periods }, theme), (shown) => {
        when.chart(shown);
        shown.on('brushEnd', (/** @type {any} */ event) => {
          const range = event.areas[0]?.coordRange;
          if (!range) return;
          const first = periods[0].periodStart, width = periods[0].periodEnd - first;
          const edge = (/** @type {number} */ number) => first + number * width;
          place.set({ startDate: edge(Math.floor((range[0] - first) / width)), endDate: edge(Math.ceil((range[1] - first) / width)) - 1 });
        });
      }, (shown) => shown.dispatchAction({ type: 'takeGlobalCursor', key: 'brush', brushOption: { brushType: 'lineX', brushMode: 'single' } }));
    }, async () => {
      const [{ facets }, ...others] = await Promise.all([got.facets, ...offered]);
      const counts = Object.fromEntries(facets.level.values.map((/** @type {any} */ one) => [one.value, one.count]));
      for (const name of LEVELS) chipOf[name].lastChild.textContent = count(counts[name] ?? 0);
      Object.entries(selects).forEach(([name, select], number) => {
        const now = place.get(name);
        const values = [...(others[number].facets[name]?.values ?? [])];
        if (now && !values.some((/** @type {any} */ one) => one.value === now)) values.push({ value: now, count: 0 });
        select.replaceChildren(el('option', { value: '' }, `Any ${name}`), ...values.map((/** @type {any} */ one) => el('option', { value: one.value, selected: one.value === now }, `${one.value} (${count(one.count)})`)));
      });
    });
  };
  refresh.lines = (/** @type {any} */ told) => {
    if (FILTERS.some((name) => place.get(name)) || rows.scrollTop >= 40) return;
    rows.querySelector('.none')?.remove();
    rows.prepend(...told.logs.map((/** @type {any} */ entry) => row(entry, true)));
    while (rows.children.length > 4 * PAGE) rows.lastChild.remove();
  };
  return refresh;
}

/**
 * The lines around one, in a dialog.
 * @param {any} entry
 */
async function around(entry) {
  const found = await ask(address('/logs/context', { objectKey: entry.objectKey, line: entry.line, bucket: entry.bucket }));
  const dialog = el('dialog', { 'aria-label': 'Lines around the entry' }, el('h2', {}, `Around line ${entry.line} of ${entry.objectKey}`), el('ol', 'rows', found.logs.map((/** @type {any} */ one) => entryRow(one))), el('button', { type: 'button', class: 'act', onclick: () => dialog.close() }, 'Close'));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/**
 * Once, a moment after the last call: longer than the next key takes to come.
 * @param {() => void} does
 */
function late(does) {
  /** @type {any} */
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(does, 120);
  };
}
