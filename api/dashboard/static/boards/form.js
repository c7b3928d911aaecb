// The form for a panel: what it is called, how it is drawn, what it asks; with a look at what it would show.
import { send } from '../core/api.js';
import { el } from '../core/dom.js';
import { panel as framed } from '../core/panel.js';
import * as place from '../core/place.js';
import { draw } from './draw.js';

const KINDS = { timeSeries: 'Time series', category: 'Category', stat: 'Figure', percentage: 'Percentage', topN: 'Top N', table: 'Table', markdown: 'Text (Markdown)' };
const AGGREGATES = ['count', 'sum', 'avg', 'min', 'max', 'median', 'p95', 'p99', 'distinct', 'ratio'];
const OPERATORS = ['=', '!=', '<', '<=', '>', '>=', 'in', 'contains', 'empty', 'present'];

/**
 * @param {string} title
 * @param {any} input
 */
const field = (title, input) => el('label', {}, title, input);
/**
 * @param {string} name
 * @param {Record<string, string> | string[]} choices
 * @param {string | null | undefined} chosen
 */
const select = (name, choices, chosen) => el('select', { name }, Object.entries(Array.isArray(choices) ? Object.fromEntries(choices.map((one) => [one, one])) : choices)
  .map(([value, text]) => el('option', { value, selected: value === (chosen ?? '') }, text)));

/**
 * Ask for a panel in a dialog.
 * @param {any} given the panel as it is
 * @param {any[]} sources what panels can be made from
 * @returns {Promise<any | null>} the panel as it is to be, or null
 */
export function edit(given, sources) {
  return new Promise((done) => {
    let panel = structuredClone(given);
    let asked = 0;
    /** @type {any} */
    let waiting = 0;
    const look = framed({ id: 'preview', title: 'Preview' });
    const fields = el('div', 'form');
    const problem = el('p', { class: 'bad-text', role: 'alert' });
    const form = el('form', { onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      read();
      finish(panel);
    }, onchange: () => {
      read();
      ask();
      preview();
    }, oninput: () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        read();
        preview();
      }, 300);
    } }, fields, problem, look.node, el('div', 'bar', el('button', { class: 'act main' }, 'Take it'), el('button', { class: 'act', type: 'button', onclick: () => finish(null) }, 'Cancel')));
    const dialog = el('dialog', { class: 'wide', 'aria-label': given.title ? `Change the panel ${given.title}` : 'New panel' }, el('h2', {}, given.title ? `Panel: ${given.title}` : 'New panel'), form);
    dialog.addEventListener('close', () => finish(null));
    document.body.append(dialog);
    ask();
    dialog.showModal();
    preview();

    /** @param {any} result */
    function finish(result) {
      done(result);
      dialog.remove();
    }

    /** Put the questions that this kind of panel has. */
    function ask() {
      const source = sources.find((one) => one.name === panel.source) ?? sources[0];
      const of = (/** @type {string[]} */ ...kinds) => source.columns.filter((/** @type {any} */ column) => !kinds.length || kinds.includes(column.kind)).map((/** @type {any} */ column) => column.name);
      const optional = (/** @type {string[]} */ names, /** @type {string} */ none) => ({ '': none, ...Object.fromEntries(names.map((name) => [name, name])) });
      const measured = !['table', 'markdown'].includes(panel.kind);
      const measure = panel.measure ?? {};
      const focused = /** @type {any} */ (document.activeElement)?.name;
      fields.replaceChildren(...[
        field('Title', el('input', { name: 'title', value: panel.title, maxlength: '200', required: true })),
        field('Drawn as', select('kind', KINDS, panel.kind)),
        panel.kind === 'markdown' ? field('Text', el('textarea', { name: 'text', rows: '8', required: true }, panel.text ?? '')) : field('From', el('select', { name: 'source' }, sources.map((one) => el('option', { value: one.name, selected: one === source }, one.name)))),
        panel.kind === 'markdown' ? null : el('p', 'wide hint', source.about),
        measured ? field('Figure', select('aggregate', panel.kind === 'percentage' ? ['count', 'sum', 'ratio'] : AGGREGATES, measure.aggregate)) : null,
        measured && measure.aggregate && measure.aggregate !== 'count' ? field('Of', select('column', measure.aggregate === 'distinct' ? of() : of('number'), measure.column)) : null,
        measured && measure.aggregate === 'ratio' ? field('Per', select('per', of('number'), measure.per)) : null,
        ['timeSeries', 'category', 'topN'].includes(panel.kind) ? field('Each', select('by', panel.kind === 'timeSeries' ? optional(of(), 'all together') : of(), panel.by)) : null,
        panel.kind === 'table' ? field('Columns', el('select', { name: 'columns', multiple: true, size: '5' }, of().map((/** @type {string} */ name) => el('option', { value: name, selected: panel.columns?.includes(name) }, name)))) : null,
        panel.kind === 'table' ? field('Sorted by', select('orderBy', optional(of(), 'time'), panel.orderBy)) : null,
        ['stat', 'percentage', 'markdown'].includes(panel.kind) ? null : field('At most', el('input', { name: 'limit', type: 'number', min: '1', max: '1000', value: panel.limit ?? 10 })),
        measured && panel.kind !== 'percentage' ? field('Unit', el('input', { name: 'unit', maxlength: '16', value: panel.unit ?? '', placeholder: 'bytes, ms …' })) : null,
        panel.kind === 'markdown' ? null : filters('filters', 'Only rows where', panel.filters ?? [], source),
        panel.kind === 'percentage' && measure.aggregate !== 'ratio' ? filters('part', 'The part where', panel.part ?? [], source) : null,
      ].filter(Boolean));
      if (focused) fields.querySelector(`[name="${focused}"]`)?.focus();
    }

    /**
     * @param {string} name
     * @param {string} title
     * @param {any[]} rows
     * @param {any} source
     */
    function filters(name, title, rows, source) {
      const columns = source.columns.filter((/** @type {any} */ column) => column.kind !== 'other').map((/** @type {any} */ column) => column.name);
      return el('fieldset', 'wide', el('legend', {}, title), rows.map((row, i) => el('div', { class: 'filter', 'data-filter': name },
        field('Column', select(`${name}-column`, columns, row.column)), field('is', select(`${name}-operator`, OPERATORS, row.operator ?? '=')),
        ['empty', 'present'].includes(row.operator) ? null : field('Value', el('input', { name: `${name}-value`, value: Array.isArray(row.value) ? row.value.join(', ') : row.value ?? '' })),
        el('button', { type: 'button', class: 'act tiny', 'aria-label': `Remove the condition on ${row.column}`, onclick: () => {
          read();
          panel[name].splice(i, 1);
          ask();
          preview();
        } }, 'Remove'))),
      el('button', { type: 'button', class: 'act tiny', onclick: () => {
        read();
        panel[name] = [...(panel[name] ?? []), { column: columns[0], operator: '=', value: '' }];
        ask();
      } }, 'Add a condition'));
    }

    /** What the form says now. */
    function read() {
      const data = new FormData(form);
      const text = (/** @type {string} */ name) => data.get(name)?.toString() || null;
      const kind = text('kind') ?? panel.kind;
      const source = kind === 'markdown' ? null : text('source') ?? sources[0].name;
      const kinds = Object.fromEntries((sources.find((one) => one.name === source)?.columns ?? []).map((/** @type {any} */ column) => [column.name, column.kind]));
      const known = (/** @type {string | null} */ name) => (name && kinds[name] ? name : null);
      const rows = (/** @type {string} */ name) => [...fields.querySelectorAll(`[data-filter="${name}"]`)].map((row) => {
        const of = (/** @type {string} */ part) => row.querySelector(`[name="${name}-${part}"]`)?.value ?? '';
        const column = known(of('column')) ?? Object.keys(kinds)[0];
        const typed = (/** @type {string} */ value) => (kinds[column] === 'number' ? Number(value) : kinds[column] === 'boolean' ? value === 'true' : value);
        const value = of('operator') === 'in' ? of('value').split(',').map((/** @type {string} */ one) => typed(one.trim())) : typed(of('value'));
        return ['empty', 'present'].includes(of('operator')) ? { column, operator: of('operator') } : { column, operator: of('operator'), value };
      });
      const aggregate = text('aggregate') ?? 'count';
      const numbers = Object.keys(kinds).filter((name) => kinds[name] === 'number');
      const column = aggregate === 'count' ? null : known(text('column')) ?? (aggregate === 'distinct' ? Object.keys(kinds)[0] : numbers[0] ?? null);
      const measure = { aggregate, column, per: aggregate === 'ratio' ? known(text('per')) ?? numbers[0] ?? null : null };
      const each = ['category', 'topN'].includes(kind) ? known(text('by')) ?? Object.keys(kinds)[0] : kind === 'timeSeries' ? known(text('by')) : null;
      panel = { id: panel.id, x: panel.x, y: panel.y, width: panel.width, height: panel.height, kind, title: text('title') ?? '', source,
        ...(kind === 'markdown' ? { text: text('text') ?? panel.text ?? '' } : { filters: rows('filters'), limit: Number(text('limit') ?? panel.limit ?? 10), unit: text('unit') ?? '' }),
        ...(['table', 'markdown'].includes(kind) ? {} : { measure, by: each }),
        ...(kind === 'table' ? { columns: data.getAll('columns').map(String).filter((name) => kinds[name]), orderBy: known(text('orderBy')) } : {}),
        ...(kind === 'percentage' && aggregate !== 'ratio' ? { part: rows('part') } : {}) };
    }

    async function preview() {
      const mine = (asked += 1);
      try {
        const answer = await send('POST', `/boards/preview?hours=${place.hours()}`, { panel });
        if (mine !== asked) return;
        problem.textContent = '';
        look.sub(panel.title);
        await draw(look, panel, answer);
      } catch (error) {
        if (mine === asked) problem.textContent = /** @type {Error} */ (error).message;
      }
    }
  });
}
