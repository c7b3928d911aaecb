// Puts options of charts/options.js into the page; redraws when the theme, the zone or the size changes.
import { el } from '../core/dom.js';
import { zone } from '../core/format.js';

/** @type {Promise<any> | null} */
let library = null;
// By a name, so that the type checker does not read the library.
const LIBRARY = '../vendor/echarts-6.1.0/echarts.esm.min.js';
const load = () => (library ??= import(LIBRARY));
/** @type {Set<() => void>} */
const redraws = new Set();

/** The colours of the page, by their names in tokens.css. */
export function theme() {
  const style = getComputedStyle(document.documentElement);
  /** @type {Record<string, any>} */
  const found = { utc: zone() === 'UTC' };
  for (const name of ['text', 'muted', 'dim', 'accent', 'second', 'good', 'amber', 'red', 'violet', 'info', 'debug', 'warn', 'error', 'axis', 'grid', 'raised', 'glow', 'mono', 'panel', 'mark']) {
    found[name] = style.getPropertyValue(`--${name}`).trim();
  }
  // A custom property may name another one.
  for (const [name, value] of Object.entries(found)) {
    const named = /^var\(--([a-z]+)\)$/.exec(String(value));
    if (named) found[name] = style.getPropertyValue(`--${named[1]}`).trim();
  }
  return found;
}

/** Draw every chart again, in other colours. */
export const redrawAll = () => redraws.forEach((redraw) => redraw());
/** Forget the charts of the page that was left. */
export const forgetAll = () => redraws.clear();

/**
 * A chart in a box of its own. Of `draw`, `ready` is called once, `drawn` after each drawing.
 * @param {string} label what it shows, for those who cannot see it
 * @param {string} [size]
 * @returns {{node: any, draw: (make: (theme: any, width: number) => any, ready?: (chart: any) => void, drawn?: (chart: any) => void) => Promise<void>}}
 */
export function chart(label, size = '') {
  const node = el('div', { class: `chart ${size}`, role: 'img', 'aria-label': label });
  /** @type {any} */
  let shown = null;
  return {
    node,
    async draw(make, ready, drawn) {
      const echarts = await load();
      await document.fonts.ready;
      if (!node.isConnected) return;
      if (!shown) {
        shown = echarts.init(node, null, { renderer: 'canvas' });
        new ResizeObserver(() => shown.resize()).observe(node);
        ready?.(shown);
      }
      const redraw = () => {
        shown.setOption(make(theme(), node.clientWidth), { notMerge: true });
        drawn?.(shown);
      };
      redraws.delete(shown.redraw);
      shown.redraw = redraw;
      redraws.add(redraw);
      redraw();
    },
  };
}
