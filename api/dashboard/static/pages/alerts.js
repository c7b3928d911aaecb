// Alerts: what fires, what happened, the rules: make, change, try, silence, acknowledge.
import { address, ask, send } from '../core/api.js';
import { el, table, toast } from '../core/dom.js';
import { figure, moment } from '../core/format.js';
import { panel } from '../core/panel.js';
import * as place from '../core/place.js';
import { alertItem, valueText } from './parts.js';

const METRICS = ['errorRate', 'warnRate', 'avgResponseTime', 'p95ResponseTime', 'p99ResponseTime', 'apdex', 'throughput', 'totalLogs', 'storageGrowth', 'performanceScore', 'availability', 'anomaly', 'forecastLogs', 'forecastErrors', 'forecastResponseTime', 'forecastStorage'];

/**
 * @param {string} name
 * @param {string} title
 * @param {any} input
 */
const field = (name, title, input) => {
  input.id = `rule-${name}`;
  input.name = name;
  return el('label', { for: input.id }, title, input);
};
/**
 * @param {string[]} values
 * @param {string} [chosen]
 */
const select = (values, chosen) => el('select', {}, values.map((value) => el('option', { value, selected: value === chosen }, value || 'none')));

/** @param {any} root */
export function alerts(root) {
  const firing = panel({ id: 'firing-now', title: 'Firing', size: 'w6', queries: ['alerts'] });
  const history = panel({ id: 'history', title: 'History', size: 'w6', queries: ['manifest/alert_history'] });
  const rules = panel({ id: 'rules', title: 'Rules', queries: ['alert_metric', 'alert_groups', 'alert_anomalies', 'alert_forecast'] });
  const editor = el('div', {});
  const list = el('div', {});
  const test = el('button', { type: 'button', class: 'act', onclick: () => act(async () => {
    const sent = await send('POST', '/analytics/alerts/test');
    const channels = Object.entries(sent.channels ?? {});
    toast(channels.length ? channels.map(([name, why]) => `${name}: ${why ?? 'sent'}`).join('; ') : 'No channel is set: WAREHOUSE_ALERT_WEBHOOK or WAREHOUSE_ALERT_APPRISE.');
  }) }, 'Send a test message');
  rules.body.append(el('div', 'bar', el('button', { type: 'button', class: 'act main', id: 'new-rule', onclick: () => edit(null) }, 'New rule'), test), editor, list);
  root.replaceChildren(el('h1', 'vh', 'Alerts'), firing.node, history.node, rules.node);

  /** @param {() => Promise<any>} does */
  async function act(does) {
    try {
      await does();
      await refresh();
    } catch (error) {
      toast(/** @type {Error} */ (error).message, true);
    }
  }

  /**
   * What a rule reads now, in a dialog.
   * @param {any} rule
   * @param {string} path
   */
  async function tryOut(rule, path) {
    const found = await ask(path);
    const rows = found.readings.map((/** @type {any} */ one) => [one.group ?? 'all', valueText(rule.metric, one.value), one.value === null ? 'no value' : one.breached ? 'beyond the limit' : 'within it']);
    const dialog = el('dialog', { 'aria-label': `Test of ${rule.name}` }, el('h2', {}, `${rule.name} now`),
      found.error ? el('p', 'bad-text', found.error) : rows.length ? table([{ name: 'Of', left: true }, { name: 'Value' }, { name: `Limit ${rule.operator} ${figure(rule.threshold)}`, left: true }], rows, 'Readings') : el('p', 'none', 'There is nothing to read.'),
      el('pre', { tabindex: '0' }, found.query), el('button', { class: 'act', type: 'button', onclick: () => dialog.close() }, 'Close'));
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  /** @param {any} rule null for a new one */
  function edit(rule) {
    const form = el('form', { 'aria-label': rule ? `Change ${rule.id}` : 'New rule', onsubmit: (/** @type {any} */ event) => {
      event.preventDefault();
      const given = Object.fromEntries(new FormData(form));
      // A rule is replaced whole: what this form does not ask for stays as it was.
      const kept = rule ? Object.fromEntries(['query', 'noData', 'source', 'package', 'status', 'configHash', 'interval', 'enabled'].filter((name) => rule[name] !== null).map((name) => [name, rule[name]])) : {};
      const body = { ...kept, id: given.id || undefined, name: given.name || undefined, metric: rule?.query ? undefined : given.metric, operator: given.operator, threshold: Number(given.threshold), hours: Number(given.hours), forMinutes: Number(given.forMinutes), severity: given.severity, groupBy: given.groupBy || undefined };
      act(async () => {
        if (rule) await send('PUT', `/analytics/alerts/rules/${encodeURIComponent(rule.id)}`, { ...body, id: undefined });
        else await send('POST', '/analytics/alerts/rules', body);
        editor.replaceChildren();
        toast('Kept.');
      });
    } }, el('div', 'form',
      field('id', 'Id', el('input', { required: true, pattern: '[a-z0-9][a-z0-9-]*', value: rule?.id, disabled: Boolean(rule) })),
      field('name', 'Name', el('input', { value: rule?.name })),
      rule?.query ? null : field('metric', 'Metric', select(METRICS.includes(rule?.metric) || !rule ? METRICS : [rule.metric, ...METRICS], rule?.metric)),
      field('operator', 'Operator', select(['>', '>=', '<', '<=', '==', '!='], rule?.operator)),
      field('threshold', 'Threshold', el('input', { type: 'number', step: 'any', required: true, value: rule?.threshold ?? '10' })),
      field('hours', 'Window, hours', el('input', { type: 'number', step: 'any', min: '0.25', required: true, value: rule?.hours ?? '24' })),
      field('forMinutes', 'Held for, minutes', el('input', { type: 'number', min: '0', required: true, value: rule?.forMinutes ?? '0' })),
      field('severity', 'Severity', select(['warning', 'critical', 'info'], rule?.severity)),
      field('groupBy', 'Each', select(['', 'source', 'package'], rule?.groupBy ?? '')),
    ), el('div', 'bar', el('button', { class: 'act main' }, 'Keep'), el('button', { type: 'button', class: 'act', onclick: () => editor.replaceChildren() }, 'Cancel')));
    editor.replaceChildren(form);
    form.querySelector('input:not([disabled])').focus();
  }

  /** @param {AbortSignal} [signal] */
  async function refresh(signal) {
    const paths = { firing: address('/analytics/alerts', { hours: place.hours() }), rules: '/analytics/alerts/rules', history: '/analytics/alerts/history?limit=50' };
    const [now, all, past] = await Promise.all(Object.values(paths).map((path) => ask(path, signal)));
    firing.sub(now.count ? `${now.count} firing` : 'all quiet');
    firing.source(paths.firing);
    firing.rows(() => [['Rule', 'Severity', 'Value', 'Limit', 'Since'], ...now.alerts.map((/** @type {any} */ row) => [row.group ? `${row.name}: ${row.group}` : row.name, row.severity, row.value, row.threshold, moment(row.since)])]);
    firing.body.replaceChildren(el('ul', 'list', now.count ? now.alerts.map((/** @type {any} */ alert) => alertItem(alert,
      el('button', { type: 'button', class: 'act tiny', onclick: () => act(() => send('POST', `/analytics/alerts/${encodeURIComponent(alert.id)}/ack`, alert.group ? { group: alert.group } : {})) }, 'Acknowledge'),
      el('button', { type: 'button', class: 'act tiny', onclick: () => act(() => send('POST', `/analytics/alerts/${encodeURIComponent(alert.id)}/silence`, { minutes: 60 })) }, 'Silence for an hour'),
    )) : el('li', 'ok', el('b', {}, 'No rule fires'), el('span', {}, 'Rules are tested after each sync and every minute.'))));
    history.sub(past.history.length ? 'the newest first' : 'nothing yet');
    history.source(paths.history);
    history.rows(() => [['Time', 'Rule', 'Event', 'Value'], ...past.history.map((/** @type {any} */ row) => [moment(row.timestamp), row.rule, row.event, row.value])]);
    history.body.replaceChildren(past.history.length ? table([{ name: 'Time', left: true }, { name: 'Rule', left: true }, { name: 'Event', left: true }, { name: 'Value' }, { name: 'Limit' }],
      past.history.map((/** @type {any} */ row) => [moment(row.timestamp), row.group ? `${row.name}: ${row.group}` : row.name, row.event, valueText(row.condition, row.value), `${row.operator} ${figure(row.threshold)}`]), 'History of alerts', 'cards') : el('p', 'none', 'No rule has fired yet.'));
    rules.sub(`${all.count} rules`);
    rules.source(paths.rules);
    list.replaceChildren(table([{ name: 'Rule', left: true }, { name: 'Fires when', left: true }, { name: 'Window' }, { name: 'Severity', left: true }, { name: 'State', left: true }, { name: 'What to do', left: true }],
      all.rules.map((/** @type {any} */ rule) => {
        const at = rule.states.map((/** @type {any} */ state) => `${state.state}${state.group ? ` (${state.group})` : ''}${state.acknowledgedAt ? ', acknowledged' : ''}`).join('; ') || 'quiet';
        const address_ = `/analytics/alerts/rules/${encodeURIComponent(rule.id)}`;
        const named = (/** @type {string} */ name, /** @type {() => any} */ does) => el('button', { type: 'button', class: 'act tiny', 'aria-label': `${name}: ${rule.name}`, onclick: does }, name);
        const buttons = [
          named('Test', () => act(() => tryOut(rule, `${address_}/test`))),
          rule.silencedUntil ? named('End silence', () => act(() => send('POST', `/analytics/alerts/${encodeURIComponent(rule.id)}/silence`, { minutes: 0 }))) : named('Silence', () => act(() => send('POST', `/analytics/alerts/${encodeURIComponent(rule.id)}/silence`, { minutes: 60 }))),
          ...(rule.origin === 'file' ? ['in the settings file'] : [named('Change', () => edit(rule))]),
          rule.origin === 'api' ? el('button', { type: 'button', class: 'act tiny', onclick: () => confirm(`Delete the rule ${rule.id}?`) && act(() => send('DELETE', address_)) }, 'Delete') : null,
        ];
        return [rule.name, rule.query ? 'a query' : `${rule.metric} ${rule.operator} ${figure(rule.threshold)}${rule.groupBy ? ` of each ${rule.groupBy}` : ''}`, `${figure(rule.hours)} h`, rule.severity, rule.silencedUntil ? `silenced until ${moment(rule.silencedUntil)}` : at, el('span', 'acts', buttons.filter(Boolean))];
      }), 'Rules', 'cards'));
    rules.rows(() => [['Rule', 'Metric', 'Operator', 'Threshold', 'Hours', 'Severity'], ...all.rules.map((/** @type {any} */ rule) => [rule.id, rule.metric ?? 'query', rule.operator, rule.threshold, rule.hours, rule.severity])]);
  }
  return refresh;
}
