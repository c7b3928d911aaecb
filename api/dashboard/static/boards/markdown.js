// Markdown as nodes of the page: the library only tells what the text consists of, and no markup of it gets in.
import { el } from '../core/dom.js';

// By a name, so that the type checker does not read the library.
const LIBRARY = '../vendor/marked-18.2.1/marked.esm.js';
/** @type {Promise<any> | null} */
let library = null;

/**
 * @param {string} text
 * @returns {Promise<any[]>} nodes
 */
export async function markdown(text) {
  const { lexer } = await (library ??= import(LIBRARY));
  return nodes(lexer(text));
}

/** @param {any[] | undefined} tokens */
const nodes = (tokens) => (tokens ?? []).map(node).filter((made) => made !== null);

/**
 * Addresses that run nothing.
 * @param {string} address
 */
const safe = (address) => /^(https?:|mailto:|\/|#|\?)/i.test(address) && !address.startsWith('//');

/**
 * @param {any} token
 * @returns {any}
 */
function node(token) {
  switch (token.type) {
    case 'heading': return el(`h${Math.min(6, token.depth + 2)}`, {}, nodes(token.tokens));
    case 'paragraph': return el('p', {}, nodes(token.tokens));
    case 'list': return el(token.ordered ? 'ol' : 'ul', 'marks', token.items.map((/** @type {any} */ item) => el('li', {}, nodes(item.tokens))));
    case 'blockquote': return el('blockquote', {}, nodes(token.tokens));
    case 'code': return el('pre', { tabindex: '0' }, token.text);
    case 'codespan': return el('code', {}, token.text);
    case 'strong': return el('strong', {}, nodes(token.tokens));
    case 'em': return el('em', {}, nodes(token.tokens));
    case 'del': return el('s', {}, nodes(token.tokens));
    case 'br': return el('br');
    case 'hr': return el('hr');
    case 'link': return safe(token.href) ? el('a', { href: token.href, rel: 'noopener noreferrer' }, nodes(token.tokens)) : el('span', {}, nodes(token.tokens));
    case 'table': return el('table', {}, el('thead', {}, el('tr', {}, token.header.map((/** @type {any} */ cell) => el('th', { scope: 'col' }, nodes(cell.tokens))))),
      el('tbody', {}, token.rows.map((/** @type {any[]} */ row) => el('tr', {}, row.map((cell) => el('td', {}, nodes(cell.tokens)))))));
    case 'space': return null;
    case 'text': case 'escape': return token.tokens ? el('span', {}, nodes(token.tokens)) : document.createTextNode(token.text);
    // Pictures, HTML and whatever else there is: as it was written.
    default: return document.createTextNode(token.raw);
  }
}
