// Server-Sent Events: a commit, an alert, new lines. Pauses while the page is hidden or the viewer says so.
import { API } from './api.js';
import { $ } from './dom.js';

/** @type {EventSource | null} */
let stream = null;
let wanted = true;
/** @type {{generation?: (pulse: any) => void, alerts?: (pulse: any) => void, lines?: (lines: any) => void}} */
let told = {};

/**
 * @param {string} state
 * @param {string} text
 */
function say(state, text) {
  $('#live').dataset.state = state;
  if ($('#live-text').textContent !== text) $('#live-text').textContent = text;
  $('#live').setAttribute('aria-pressed', String(wanted));
}

function open() {
  if (stream || !wanted || document.hidden) return;
  stream = new EventSource(`${API}/live`);
  stream.onopen = () => say('live', 'Live');
  stream.onerror = () => say('lost', 'No connection');
  for (const name of /** @type {const} */ (['generation', 'alerts', 'lines'])) {
    stream.addEventListener(name, (event) => told[name]?.(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  }
}

function close() {
  stream?.close();
  stream = null;
}

/** @param {typeof told} listeners */
export function start(listeners) {
  told = listeners;
  $('#live').addEventListener('click', () => {
    wanted = !wanted;
    if (wanted) open();
    else {
      close();
      say('wait', 'Paused');
    }
  });
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
  addEventListener('pagehide', close);
  open();
}
