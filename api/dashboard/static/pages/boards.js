// Boards: dashboards that people put together from panels and that the server keeps.
import { draw } from '../boards/draw.js';
import { edit } from '../boards/form.js';
import { grid } from '../boards/grid.js';
import { address, ask, askTagged, send, sendTagged } from '../core/api.js';
import { el, toast } from '../core/dom.js';
import { panel as framed } from '../core/panel.js';
import * as place from '../core/place.js';

/** @param {string} title */
const named = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 64) || 'board';

/** @param {any} root */
export function boards(root) {
  const chooser = el('select', { id: 'board', 'aria-label': 'Board', onchange: () => {
    leave();
    place.set({ board: chooser.value });
  } });
  const bar = el('div', 'bar boards');
  const about = el('p', 'hint');
  const box = el('div', 'board');
  const file = el('input', { type: 'file', accept: '.json,application/json', hidden: true, 'aria-label': 'A board as JSON', onchange: () => act(importFile) });
  root.replaceChildren(el('h1', 'vh', 'Boards'), bar, file, about, box);
  /** @type {any} */
  let board = null;
  let tag = '';
  // The board as it is being changed.
  /** @type {any} */
  let draft = null;
  /** @type {any} */
  let stack = null;
  /** @type {Map<string, {panel: any, frame: any}>} */
  let frames = new Map();
  /** @type {Promise<any[]> | null} */
  let sources = null;

  /** @param {() => Promise<any>} does */
  async function act(does) {
    try {
      await does();
    } catch (error) {
      toast(/** @type {Error} */ (error).message, true);
    }
  }

  function leave() {
    draft = null;
    board = null;
  }

  /** @param {any[]} listed */
  function tools(listed) {
    const shown = draft ?? board;
    const button = (/** @type {string} */ name, /** @type {() => any} */ does, /** @type {string} */ kind = '') => el('button', { type: 'button', class: `act ${kind}`, onclick: () => act(async () => does()) }, name);
    chooser.replaceChildren(...listed.map((one) => el('option', { value: one.id, selected: one.id === shown.id }, one.title)));
    if (draft) {
      bar.replaceChildren(el('label', {}, 'Title', el('input', { id: 'board-title', value: draft.title, maxlength: '200', oninput: (/** @type {any} */ event) => { draft.title = event.target.value; } })),
        el('label', {}, 'About', el('input', { id: 'board-about', value: draft.about, maxlength: '1000', oninput: (/** @type {any} */ event) => { draft.about = event.target.value; } })),
        button('Add a panel', addPanel), button('Keep', keep, 'main'), button('Discard', discard));
      return;
    }
    bar.replaceChildren(chooser, button('Change', () => start(board)), button('New board', () => start({ id: '', title: 'New board', about: '', panels: [] })),
      button('Import', async () => file.click()), el('a', { class: 'act', download: `${board.id}.json`, href: exported() }, 'Export'),
      ...(board.origin === 'shipped' ? [] : [button(board.origin === 'changed' ? 'As it was shipped' : 'Delete', forget)]));
  }

  const plain = () => ({ id: board.id, title: board.title, about: board.about, panels: board.panels });
  const exported = () => URL.createObjectURL(new Blob([JSON.stringify(plain(), null, 2)], { type: 'application/json' }));

  async function importFile() {
    // As the API answers it, or as it was exported.
    const { origin, changedAt, ...given } = JSON.parse(await file.files[0].text().finally(() => { file.value = ''; }));
    const ids = (await ask('/boards')).boards.map((/** @type {any} */ one) => one.id);
    let id = given.id ?? named(given.title ?? '');
    for (let n = 2; ids.includes(id); n += 1) id = `${given.id}-${n}`;
    await send('POST', '/boards', { ...given, id });
    toast(`Imported as ${id}.`);
    leave();
    place.set({ board: id });
  }

  async function forget() {
    if (!confirm(board.origin === 'changed' ? `Put ${board.title} back as it was shipped?` : `Delete the board ${board.title}?`)) return;
    await sendTagged('DELETE', `/boards/${board.id}`, undefined, tag);
    leave();
    place.set({ board: '' });
    await refresh();
  }

  /** @param {any} from */
  async function start(from) {
    draft = structuredClone({ id: from.id, title: from.title, about: from.about, panels: from.panels });
    await layout();
    await refresh();
  }

  async function discard() {
    leave();
    await refresh();
  }

  async function keep() {
    const places = stack.places();
    const panels = draft.panels.map((/** @type {any} */ panel) => ({ ...panel, ...places[panel.id] }));
    const sent = { ...draft, panels };
    if (draft.id) await sendTagged('PUT', `/boards/${draft.id}`, sent, tag);
    else {
      sent.id = named(draft.title);
      await send('POST', '/boards', sent);
    }
    toast('Kept.');
    leave();
    place.set({ board: sent.id });
  }

  const known = async () => (sources ??= ask('/boards/sources').then((answer) => answer.sources));

  async function addPanel() {
    const ids = new Set(draft.panels.map((/** @type {any} */ panel) => panel.id));
    let number = draft.panels.length + 1;
    while (ids.has(`panel-${number}`)) number += 1;
    const bottom = Math.max(0, ...Object.values(stack.places()).map((at) => at.y + at.height));
    const made = await edit({ id: `panel-${number}`, kind: 'timeSeries', title: '', x: 0, y: bottom, width: 6, height: 5, source: 'logs', measure: { aggregate: 'count' }, filters: [] }, await known());
    if (!made) return;
    draft.panels.push(made);
    box.querySelector('.none')?.remove();
    stack.add(made, frame(made).node);
    await fill([made.id]);
  }

  /** @param {any} panel */
  async function change(panel) {
    const made = await edit(panel, await known());
    if (!made) return;
    const places = stack.places();
    draft.panels = draft.panels.map((/** @type {any} */ one) => ({ ...(one.id === panel.id ? made : one), ...places[one.id] }));
    await layout();
    await refresh();
  }

  /** @param {any} panel */
  function remove(panel) {
    draft.panels = draft.panels.filter((/** @type {any} */ one) => one.id !== panel.id);
    frames.delete(panel.id);
    stack.remove(panel.id);
  }

  /**
   * @param {any} panel
   * @returns {any} its frame in the page
   */
  function frame(panel) {
    const made = framed({ id: `panel-${panel.id}`, title: panel.title || panel.kind });
    frames.set(panel.id, { panel, frame: made });
    if (draft) {
      made.node.querySelector('header').prepend(el('button', { type: 'button', class: 'grip', title: 'Drag, or use the arrow keys; with Shift they resize', 'aria-label': `Move ${panel.title}: arrow keys; with Shift: resize` }, '⠿'));
      made.node.querySelector('header').append(el('span', 'acts',
        el('button', { type: 'button', class: 'act tiny', 'aria-label': `Change ${panel.title}`, onclick: () => act(() => change(draft.panels.find((/** @type {any} */ one) => one.id === panel.id))) }, 'Change'),
        el('button', { type: 'button', class: 'act tiny', 'aria-label': `Remove ${panel.title}`, onclick: () => remove(panel) }, 'Remove')));
    }
    return made;
  }

  async function layout() {
    stack?.destroy();
    frames = new Map();
    const shown = draft ?? board;
    about.textContent = shown.about;
    document.title = `${shown.title} · R2 log warehouse`;
    stack = await grid(box, shown.panels.map((/** @type {any} */ panel) => ({ panel, node: frame(panel).node })), Boolean(draft));
    if (!shown.panels.length) box.append(el('p', 'none', draft ? 'No panel yet: add one.' : 'This board has no panel.'));
  }

  /**
   * Ask for what panels show; one that fails says so, and the others are there.
   * @param {string[]} ids
   * @param {AbortSignal} [signal]
   */
  async function fill(ids, signal) {
    await Promise.all(ids.map(async (id) => {
      const { panel, frame: shown } = frames.get(id) ?? {};
      if (!panel) return;
      const kept = board?.panels.find((/** @type {any} */ one) => one.id === id);
      const stored = !draft || (draft.id && JSON.stringify(kept) === JSON.stringify(panel));
      const path = address(`/boards/${(draft ?? board).id}/panels/${encodeURIComponent(id)}`, { hours: place.hours() });
      try {
        const answer = panel.kind === 'markdown' ? { columns: [], rows: [], sql: '' } : stored ? await ask(path, signal) : await send('POST', `/boards/preview?hours=${place.hours()}`, { panel });
        if (signal?.aborted) return;
        if (answer.sql) shown.sql(answer.sql);
        if (stored && panel.kind !== 'markdown') shown.source(path);
        await draw(shown, panel, answer);
      } catch (error) {
        if (!signal?.aborted) shown.body.replaceChildren(el('p', { class: 'bad-text', role: 'alert' }, /** @type {Error} */ (error).message));
      }
    }));
  }

  /** @param {AbortSignal} [signal] */
  async function refresh(signal) {
    const listed = (await ask('/boards', signal)).boards;
    if (!draft) {
      const wanted = place.get('board') || 'registry';
      const found = await askTagged(`/boards/${encodeURIComponent(wanted)}`, signal);
      const moved = !board || found.tag !== tag;
      board = found.body;
      tag = found.tag;
      if (moved) await layout();
    }
    if (!draft || !bar.querySelector('#board-title')) tools(listed);
    await fill([...frames.keys()], signal);
  }
  return refresh;
}
