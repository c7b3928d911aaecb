// What a panel of a board shows: rows of the API as a chart, a figure, a table or text.
import { chart } from '../charts/chart.js';
import * as options from '../charts/options.js';
import { el, table } from '../core/dom.js';
import { bytes, figure, moment } from '../core/format.js';
import { markdown } from './markdown.js';

const COLOURS = ['accent', 'second', 'good', 'amber', 'violet', 'red', 'debug', 'muted'];
/**
 * Names that mean the same everywhere have the same colour everywhere.
 * @type {Record<string, string>}
 */
const KNOWN = { error: 'error', warn: 'warn', info: 'info', debug: 'debug', '2xx': 'good', '3xx': 'info', '4xx': 'amber', '5xx': 'red', others: 'dim' };
const colour = (/** @type {string} */ name, /** @type {number} */ i) => KNOWN[name] ?? COLOURS[i % COLOURS.length];
/**
 * What charts divide by, and the unit that they show then.
 * @type {Record<string, [number, string]>}
 */
const SCALES = { bytes: [1_048_576, 'MB'], ns: [1e6, 'ms'] };

/**
 * A figure with its unit.
 * @param {number | null} value
 * @param {string} unit
 */
export function valueText(value, unit) {
  if (value === null) return 'no value';
  if (unit === 'bytes') return bytes(value);
  const [divisor, shown] = SCALES[unit] ?? [1, unit];
  return `${figure(value / divisor)}${shown ? ` ${shown}` : ''}`;
}

/**
 * Show a panel's rows in a panel of the page.
 * @param {import('../core/panel.js').Panel} shown
 * @param {any} panel as the board has it
 * @param {any} answer rows and columns
 */
export async function draw(shown, panel, answer) {
  const { rows } = answer;
  const [divisor, unit] = SCALES[panel.unit] ?? [1, panel.unit];
  shown.rows(() => [answer.columns, ...rows.map((/** @type {any} */ row) => answer.columns.map((/** @type {string} */ name) => cell(row[name], name, answer)))]);
  if (panel.kind === 'markdown') shown.body.replaceChildren(el('div', 'prose', await markdown(panel.text)));
  else if (panel.kind === 'table') shown.body.replaceChildren(rows.length ? table(answer.columns.map((/** @type {string} */ name) => ({ name, left: typeof rows[0][name] === 'string' })), rows.map((/** @type {any} */ row) => answer.columns.map((/** @type {string} */ name) => cell(row[name], name, answer))), panel.title) : none());
  else if (panel.kind === 'stat' || panel.kind === 'percentage') shown.body.replaceChildren(big(rows[0], panel));
  else if (!rows.length) shown.body.replaceChildren(none());
  else {
    const box = shown.body.querySelector('.chart') ? shown.body.board : chart(`${panel.title}: ${panel.kind}`, 'fitted');
    if (!box.node.isConnected) shown.body.replaceChildren(box.node);
    shown.body.board = box;
    await box.draw((/** @type {any} */ theme, /** @type {number} */ width) => option(panel, rows, divisor, unit, theme, width), (/** @type {any} */ made) => shown.chart(made));
  }
}

/**
 * @param {any} panel
 * @param {any[]} rows
 * @param {number} divisor
 * @param {string} unit
 * @param {any} theme
 * @param {number} width
 */
function option(panel, rows, divisor, unit, theme, width) {
  const scaled = (/** @type {number | null} */ value) => (value === null ? null : value / divisor);
  if (panel.kind === 'topN') return options.top(rows.map((row) => ({ name: row.name, value: scaled(row.value) ?? 0 })), theme, Math.min(420, width * 0.4));
  if (panel.kind === 'category') return options.share(rows.map((row, i) => ({ name: row.name, value: scaled(row.value) ?? 0, colour: colour(row.name, i) })), theme);
  const names = [...new Set(rows.map((row) => row.name))];
  const lines = names.map((name, i) => ({ name: name || unit || panel.title, colour: colour(name, i), area: names.length === 1, points: rows.filter((row) => row.name === name).map((row) => /** @type {[number, number | null]} */ ([row.time, scaled(row.value)])) }));
  return options.lines(lines, theme);
}

/**
 * @param {any} row
 * @param {any} panel
 */
function big(row, panel) {
  const share = panel.kind === 'percentage';
  const value = share ? (row.value === null ? 'no value' : `${figure(row.value)} %`) : valueText(row.value, panel.unit);
  const change = share ? row.difference : row.change;
  const words = change === null ? 'nothing to compare with' : `${change > 0 ? '+' : ''}${figure(change)} ${share ? 'points' : '%'} against the window before`;
  return el('div', 'big', el('strong', {}, value), share && row.value !== null ? el('progress', { max: '100', value: row.value, 'aria-label': panel.title }) : null, el('span', {}, words));
}

const none = () => el('p', 'none', 'Nothing in this window.');

/**
 * @param {any} value
 * @param {string} name
 * @param {any} answer
 */
function cell(value, name, answer) {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return answer.times?.includes(name) ? moment(value) : figure(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
