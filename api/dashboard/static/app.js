// Asks the API every 10 seconds and redraws a panel only when its answer changed, so nothing flickers.
import { $, clock } from './dom.js';
import * as panels from './panels.js';

const API = '/_dashboard/api/r2';
const EVERY = 10_000;
const PAGE = 60;
const state = { hours: 24, levels: new Set(['error', 'warn', 'info', 'debug']), asking: null };
const drawn = new Map();

async function ask(path, signal) {
  const response = await fetch(API + path, { signal, headers: { accept: 'application/json' } });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.detail ?? `status ${response.status}`);
  }
  return response.json();
}

// The panel's source: shown as text, and a link to the very answer.
function source(id, ...paths) {
  const link = $(id);
  link.textContent = paths.map((path) => `GET ${path}`).join(', ');
  link.href = API + paths[0];
}

function draw(name, answer, put) {
  const { timestamp, ...rest } = answer; // the time of the answer is no change
  const text = JSON.stringify(rest);
  if (drawn.get(name) === text) return;
  drawn.set(name, text);
  put(answer);
}

function say(isFine, text) {
  $('#live').className = `live ${isFine ? 'on' : 'off'}`;
  if ($('#live-text').textContent !== text) $('#live-text').textContent = text;
}

async function refresh() {
  state.asking?.abort();
  const asking = (state.asking = new AbortController());
  const window = `?hours=${state.hours}`;
  const level = state.levels.size === 4 ? '' : `&level=${[...state.levels].join(',')}`;
  const paths = { analytics: `/analytics${window}`, trends: `/analytics/trends${window}`, alerts: `/analytics/alerts${window}`, logs: `/logs?limit=${PAGE}${level}` };
  source('#src-figures', paths.analytics);
  source('#src-trends', paths.trends);
  source('#src-alerts', paths.alerts);
  source('#src-errors', paths.analytics);
  source('#src-logs', paths.logs);
  source('#src-storage', '/logs/stats', '/stats');
  const empty = { logs: [], totalCount: 0 };
  try {
    const [analytics, trends, alerts, logs, logStats, bucket] = await Promise.all([
      ask(paths.analytics, asking.signal),
      ask(paths.trends, asking.signal),
      ask(paths.alerts, asking.signal),
      state.levels.size ? ask(paths.logs, asking.signal) : empty,
      ask('/logs/stats', asking.signal),
      ask('/stats', asking.signal),
    ]);
    draw('figures', analytics, panels.figures);
    draw('errors', { topErrorMessages: analytics.topErrorMessages }, panels.errors);
    draw('trends', trends, panels.trends);
    draw('alerts', alerts, panels.alerts);
    draw('entries', logs, panels.entries);
    draw('storage', { logs: logStats, bucket }, panels.storage);
    state.trends = trends;
    say(true, `${clock(Date.now())} UTC`);
    document.body.dataset.ready = 'true';
  } catch (error) {
    if (asking.signal.aborted) return;
    say(false, error instanceof TypeError ? 'No connection' : `Failed: ${error.message}`.slice(0, 80));
  }
}

function choose(buttons, chosen) {
  for (const button of buttons) button.setAttribute('aria-pressed', String(chosen(button)));
}

const ranges = document.querySelectorAll('#ranges button');
for (const button of ranges) {
  button.addEventListener('click', () => {
    state.hours = Number(button.dataset.hours);
    choose(ranges, (each) => each === button);
    refresh();
  });
}

const levels = document.querySelectorAll('#levels button');
for (const button of levels) {
  button.addEventListener('click', () => {
    const { level } = button.dataset;
    state.levels[state.levels.has(level) ? 'delete' : 'add'](level);
    choose(levels, (each) => state.levels.has(each.dataset.level));
    refresh();
  });
}

new ResizeObserver(() => state.trends && panels.trends(state.trends)).observe($('#c-entries'));

setInterval(() => document.hidden || refresh(), EVERY);
document.addEventListener('visibilitychange', () => document.hidden || refresh());
refresh();
