// Small helpers. Server data enters the page as text or as an attribute, never as markup.
const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} selector
 * @returns {any}
 */
export const $ = (selector) => document.querySelector(selector);

/**
 * An element with a class, or with attributes and listeners (`onclick`), and its content.
 * @param {string} tag
 * @param {string | Record<string, any>} [given]
 * @param {...any} content
 * @returns {any}
 */
export function el(tag, given = {}, ...content) {
  const node = document.createElement(tag);
  const attributes = typeof given === 'string' ? { class: given } : given;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...content.flat().filter((part) => part !== null && part !== undefined));
  return node;
}

/**
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {...any} content
 * @returns {any}
 */
export function svg(tag, attributes, ...content) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...content);
  return node;
}

/**
 * A table; numbers are formatted by whoever calls.
 * @param {{name: string, left?: boolean, wrap?: boolean}[]} columns
 * @param {any[][]} rows
 * @param {string} label
 * @param {string} [kind] `cards`: where there is no room for columns, each row is a list of its own
 */
export function table(columns, rows, label, kind = '') {
  const head = el('tr', {}, columns.map((column) => el('th', { scope: 'col', class: column.left ? 'left' : null }, column.name)));
  const body = rows.map((row) => el('tr', {}, row.map((cell, i) => el('td', { class: columns[i].wrap ? 'wrap left' : columns[i].left ? 'left' : null, 'data-name': columns[i].name }, cell ?? '–'))));
  return el('div', { class: `scroll ${kind}`, tabindex: '0', role: 'region', 'aria-label': `${label}: rows` }, el('table', {}, el('thead', {}, head), el('tbody', {}, body)));
}

/**
 * Say something for a few seconds.
 * @param {string} text
 * @param {boolean} [bad]
 */
export function toast(text, bad = false) {
  document.querySelector('.toast')?.remove();
  const node = el('div', { class: `toast ${bad ? 'bad' : ''}`, role: bad ? 'alert' : 'status' }, text);
  document.body.append(node);
  setTimeout(() => node.remove(), 6000);
}
