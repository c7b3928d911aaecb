// The grid that panels lie on: moved and resized by pointer, or by the arrow keys on a panel's handle.
import { el } from '../core/dom.js';

const FOLDER = '/_dashboard/static/vendor/gridstack-14.1.0';
/** @type {Promise<any> | null} */
let library = null;

async function load() {
  document.head.append(el('link', { rel: 'stylesheet', href: `${FOLDER}/gridstack.css` }));
  // By a name, so that the type checker does not read the library. It is no module: it leaves a global.
  const name = `${FOLDER}/gridstack-all.js`;
  await import(name);
  return /** @type {any} */ (window).GridStack;
}

/**
 * @param {any} box
 * @param {{panel: any, node: any}[]} items
 * @param {boolean} editing
 */
export async function grid(box, items, editing) {
  const GridStack = await (library ??= load());
  const holder = el('div', 'grid-stack');
  box.replaceChildren(holder);
  // In the order in which they are read, which is that of a narrow screen.
  for (const { panel, node } of [...items].sort((a, b) => a.panel.y - b.panel.y || a.panel.x - b.panel.x)) holder.append(item(panel, node));
  const stack = GridStack.init({ column: 12, cellHeight: 64, margin: 6, float: false, staticGrid: !editing, animate: false, handle: '.grip', columnOpts: { breakpoints: [{ w: 860, c: 1, layout: 'list' }] } }, holder);

  /**
   * @param {any} panel
   * @param {any} node
   */
  function item(panel, node) {
    const made = el('div', { class: 'grid-stack-item', 'gs-id': panel.id, 'gs-x': panel.x, 'gs-y': panel.y, 'gs-w': panel.width, 'gs-h': panel.height }, el('div', 'grid-stack-item-content', node));
    made.querySelector('.grip')?.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!by) return;
      event.preventDefault();
      const { x, y, w, h } = made.gridstackNode;
      stack.update(made, event.shiftKey ? { w: Math.max(1, w + by[0]), h: Math.max(1, h + by[1]) } : { x: Math.max(0, Math.min(12 - w, x + by[0])), y: Math.max(0, y + by[1]) });
    });
    return made;
  }

  return {
    /**
     * @param {any} panel
     * @param {any} node
     */
    add(panel, node) {
      const made = item(panel, node);
      holder.append(made);
      stack.makeWidget(made);
    },
    /** @param {string} id */
    remove(id) {
      const gone = [...holder.children].find((each) => each.gridstackNode?.id === id);
      if (gone) stack.removeWidget(gone);
    },
    /** Where each panel lies now, by id; as on a wide screen, however wide this one is. */
    places() {
      const saved = stack.save(false, false, undefined, 12);
      return Object.fromEntries(saved.map((/** @type {any} */ one) => [one.id, { x: one.x ?? 0, y: one.y ?? 0, width: one.w ?? 1, height: one.h ?? 1 }]));
    },
    destroy: () => stack.destroy(false),
  };
}
