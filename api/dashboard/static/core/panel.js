// A panel: heading, content, where its figures come from, and a menu (SQL, CSV, PNG, full screen, table).
import { API, askText } from './api.js';
import { el, table, toast } from './dom.js';
import { picture } from './picture.js';

/**
 * Spreadsheets run what begins like a formula.
 * @param {any} cell
 */
const cellText = (cell) => {
  const text = String(cell ?? '');
  return `"${(/^(?:[\t\r\n]|[\s\u200b\ufeff]*[=+\-@＝＋－＠])/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text).replace(/"/g, '""')}"`;
};

/**
 * @param {string} name
 * @param {string} url
 */
function download(name, url) {
  el('a', { href: url, download: name }).click();
}

/**
 * @typedef {object} Panel
 * @property {any} node
 * @property {any} body
 * @property {(text: string) => void} sub says what the figures are of
 * @property {(...paths: string[]) => void} source names the requests that they came from
 * @property {(rows: () => any[][]) => void} rows how to get the figures as rows, the first of names
 * @property {(chart: any) => void} chart the chart that is saved as a picture, instead of the rows
 * @property {(text: string) => void} sql the query that gave the figures, or why there is none, where it is no named one
 */

/**
 * @param {{id: string, title: string, size?: string, queries?: string[]}} about queries: files of sql/endpoints, or folder/file
 * @returns {Panel}
 */
export function panel({ id, title, size = '', queries = [] }) {
  const sub = el('p', 'sub');
  const source = el('p', 'source');
  const body = el('div', { class: 'body' });
  const tabular = el('div', { hidden: true });
  let asTable = false;
  /** @type {(() => any[][]) | null} */
  let rows = null;
  /** @type {any} */
  let chart = null;
  let text = '';
  const menu = el('div', { role: 'group', 'aria-label': `What to do with ${title}` });
  const details = el('details', 'menu', el('summary', { 'aria-label': `Menu of ${title}` }, '⋯'), menu);
  const node = el('section', { class: `panel ${size}`, 'aria-labelledby': `h-${id}`, id }, el('header', {}, el('h2', { id: `h-${id}` }, title), sub, details), body, tabular, source);
  /**
   * @param {string} name
   * @param {() => any} does
   */
  const item = (name, does) => menu.append(el('button', { type: 'button', onclick: () => {
    details.open = false;
    Promise.resolve(does()).catch((error) => toast(error.message, true));
  } }, name));
  if (queries.length) item('SQL', async () => showSql(title, await Promise.all(queries.map(query))));
  item('Full screen', () => (document.fullscreenElement ? document.exitFullscreen() : node.requestFullscreen()));
  details.addEventListener('focusout', (/** @type {FocusEvent} */ event) => {
    if (!details.contains(/** @type {Node} */ (event.relatedTarget))) details.open = false;
  });
  details.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'Escape') details.open = false;
  });
  const drawTable = () => {
    const [names, ...lines] = rows?.() ?? [[]];
    tabular.replaceChildren(table(names.map((name, i) => ({ name: String(name), left: i === 0 })), lines, `${title} as a table`));
  };
  const ofChart = () => {
    // A chart that is hidden behind its table has no size to be drawn in.
    body.hidden = false;
    chart.resize();
    const address = chart.getDataURL({ pixelRatio: 2, backgroundColor: getComputedStyle(document.documentElement).getPropertyValue('--panel') });
    body.hidden = asTable;
    return address;
  };
  return {
    node,
    body,
    sub: (text) => { sub.textContent = text; },
    source: (...paths) => { source.replaceChildren('Source: ', ...paths.flatMap((path, i) => [i ? ', ' : '', el('a', { href: API + path }, `GET ${path}`)])); },
    rows: (give) => {
      if (!rows) {
        item('Table', () => {
          asTable = !asTable;
          body.hidden = asTable;
          tabular.hidden = !asTable;
          if (asTable) drawTable();
        });
        item('CSV', () => download(`${id}.csv`, URL.createObjectURL(new Blob([(rows?.() ?? []).map((row) => row.map(cellText).join(',')).join('\r\n')], { type: 'text/csv' }))));
        item('PNG', () => download(`${id}.png`, chart ? ofChart() : picture(title, rows?.() ?? [])));
      }
      rows = give;
      if (asTable) drawTable();
    },
    sql: (told) => {
      if (!text) item('SQL', () => showSql(title, [text]));
      text = told;
    },
    chart: (shown) => { chart = shown; },
  };
}

/**
 * The text of a query.
 * @param {string} name
 */
function query(name) {
  const [file, folder] = name.split('/').reverse();
  return askText(`/queries/${file}${folder ? `?folder=${folder}` : ''}`);
}

/**
 * @param {string} title
 * @param {string[]} texts
 */
function showSql(title, texts) {
  const dialog = el('dialog', { 'aria-label': `SQL behind ${title}` }, el('h2', {}, `SQL behind ${title}`), texts.map((text) => el('pre', { tabindex: '0' }, text)),
    el('button', { class: 'act', type: 'button', onclick: () => dialog.close() }, 'Close'));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
