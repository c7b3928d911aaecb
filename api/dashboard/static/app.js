// Boots the dashboard: finds the page that the address names, draws it, and keeps it up to date.
import { forgetAll, redrawAll } from './charts/chart.js';
import { forget } from './core/api.js';
import { $, el } from './core/dom.js';
import * as live from './core/live.js';
import * as place from './core/place.js';
import { alerts } from './pages/alerts.js';
import { boards } from './pages/boards.js';
import { logs } from './pages/logs.js';
import { overview } from './pages/overview.js';
import { packages } from './pages/packages.js';
import { reports } from './pages/reports.js';
import { storage } from './pages/storage.js';
import { system } from './pages/system.js';

/** @type {Record<string, (root: any) => any>} */
const PAGES = { overview, logs, packages, storage, alerts, reports, boards, system };
/** Without a commit figures move too, because their window ends now. */
const EVERY = 60_000;
/** A stream that begins later than so many milliseconds may have missed a commit. */
const LATE = 10_000;

/** @type {any} */
let refresh = null;
let shown = '';
/** @type {AbortController | null} */
let asking = null;

async function update() {
  asking?.abort();
  const mine = (asking = new AbortController());
  document.body.dataset.busy = 'true';
  try {
    await refresh(mine.signal);
    $('#problem')?.remove();
    document.body.dataset.ready = shown;
  } catch (error) {
    if (mine.signal.aborted) return;
    // What was shown last stays.
    const text = error instanceof TypeError ? 'The server does not answer.' : /** @type {Error} */ (error).message;
    $('#problem')?.remove();
    $('#main').prepend(el('p', { class: 'notice', id: 'problem', role: 'alert' }, text));
  } finally {
    if (asking === mine) delete document.body.dataset.busy;
  }
}

function draw() {
  const name = place.page() in PAGES ? place.page() : 'overview';
  for (const link of document.querySelectorAll('#tabs a')) {
    const page = /** @type {HTMLElement} */ (link).dataset.page ?? '';
    link.setAttribute('href', place.link(page));
    if (page === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const button of document.querySelectorAll('#ranges button')) {
    button.setAttribute('aria-pressed', String(Number(/** @type {HTMLElement} */ (button).dataset.hours) === place.hours()));
  }
  if (name !== shown) {
    shown = name;
    delete document.body.dataset.ready;
    forgetAll();
    refresh = PAGES[name]($('#main'));
    document.title = name === 'overview' ? 'R2 log warehouse' : `${name[0].toUpperCase()}${name.slice(1)} · R2 log warehouse`;
  }
  update();
}

/** @param {any} pulse */
function badge(pulse) {
  $('#firing').hidden = !pulse.firing;
  $('#firing').textContent = String(pulse.firing);
  $('#firing').setAttribute('aria-label', `${pulse.firing} firing`);
}

function labels() {
  $('#theme').textContent = document.documentElement.dataset.theme === 'light' ? 'Dark' : 'Light';
  $('#zone').textContent = localStorage.getItem('zone') === 'local' ? 'Local' : 'UTC';
}

document.addEventListener('click', (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest?.('a');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.target || link.hasAttribute('download')) return;
  const to = new URL(link.href, location.href);
  if (to.origin !== location.origin || !/^\/_dashboard(\/[a-z]+)?\/?$/.test(to.pathname) || to.hash) return;
  event.preventDefault();
  place.go(to.pathname + to.search);
  scrollTo(0, 0);
});
for (const button of document.querySelectorAll('#ranges button')) {
  button.addEventListener('click', () => place.set({ hours: /** @type {HTMLElement} */ (button).dataset.hours, startDate: '', endDate: '' }));
}
$('#theme').addEventListener('click', () => {
  const next = document.documentElement.dataset.theme === 'light' ? 'dark' : 'light';
  localStorage.setItem('theme', next);
  document.documentElement.dataset.theme = next;
  labels();
  redrawAll();
});
$('#zone').addEventListener('click', () => {
  localStorage.setItem('zone', localStorage.getItem('zone') === 'local' ? 'UTC' : 'local');
  labels();
  update();
});
// Paper is light, charts too, whatever the screen is.
const paper = matchMedia('print');
function dress() {
  document.documentElement.dataset.theme = paper.matches ? 'light' : localStorage.getItem('theme') ?? 'dark';
  redrawAll();
}
paper.addEventListener('change', dress);
if (paper.matches) dress();
addEventListener('keydown', (event) => {
  if (event.key === '/' && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement?.tagName ?? '') && $('#q')) {
    event.preventDefault();
    $('#q').focus();
  }
});
place.watch(draw);
labels();
draw();
/** @type {number | null} what the page was drawn at, as far as it is known */
let generation = null;
live.start({
  generation: (pulse) => {
    badge(pulse);
    // The first one tells where the stream begins, unless it began late.
    if (generation === null ? performance.now() > LATE : generation !== pulse.generation) {
      forget();
      update();
    }
    generation = pulse.generation;
  },
  alerts: (pulse) => {
    badge(pulse);
    forget();
    update();
  },
  lines: (told) => refresh.lines?.(told),
});
setInterval(() => document.hidden || update(), EVERY);
