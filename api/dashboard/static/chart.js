// Two charts as plain SVG: bars (entries, of them errors) and lines (response times).
import { svg, count, figure, moment } from './dom.js';

const LEFT = 46, RIGHT = 6, TOP = 8, BOTTOM = 20;

// The next round number at or above the largest value, so that the axis has round ticks.
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value) * power;
}

function frame(box, points, top, label) {
  const width = box.clientWidth || 600, height = box.clientHeight || 190;
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label });
  const x = (index) => LEFT + (index * (width - LEFT - RIGHT)) / points.length;
  const y = (value) => height - BOTTOM - (value / top) * (height - TOP - BOTTOM);
  for (const part of [0, 0.5, 1]) {
    const at = y(top * part);
    root.append(
      svg('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: at, y2: at }),
      svg('text', { x: LEFT - 6, y: at + 4, 'text-anchor': 'end' }, figure(top * part)),
    );
  }
  const days = points.length && points.at(-1).periodEnd - points[0].periodStart > 26 * 3600e3;
  const wanted = Math.max(2, Math.floor(width / (days ? 110 : 84)));
  const every = Math.max(1, Math.ceil(points.length / wanted));
  points.forEach((point, index) => {
    const room = x(index) < width - (days ? 84 : 36);
    if (index % every === 0 && room) {
      const text = days ? moment(point.periodStart).slice(5) : point.period;
      root.append(svg('text', { x: x(index), y: height - 4 }, text));
    }
  });
  return { root, x, y, step: (width - LEFT - RIGHT) / (points.length || 1), bottom: height - BOTTOM };
}

function hover(chart, points, describe) {
  points.forEach((point, index) => {
    const area = { class: 'hit', x: chart.x(index), y: TOP, width: chart.step, height: chart.bottom - TOP };
    chart.root.append(svg('rect', area, svg('title', {}, describe(point))));
  });
}

export function bars(box, points) {
  const sum = (name) => points.reduce((total, point) => total + point[name], 0);
  const label = `Entries per period: ${count(sum('logsCount'))} in all, ${count(sum('errorCount'))} of them errors`;
  const chart = frame(box, points, ceiling(Math.max(...points.map((point) => point.logsCount))), label);
  const gap = Math.min(4, chart.step / 5);
  points.forEach((point, index) => {
    const bar = (name, value) => {
      const top = chart.y(value);
      return svg('rect', { class: name, x: chart.x(index) + gap / 2, y: top, width: chart.step - gap, height: chart.bottom - top });
    };
    chart.root.append(bar('bar', point.logsCount), bar('bar-errors', point.errorCount));
  });
  hover(chart, points, (point) => `${moment(point.periodStart)} to ${moment(point.periodEnd).slice(11)} UTC: `
    + `${count(point.logsCount)} entries, ${count(point.errorCount)} errors, ${count(point.warnCount)} warnings`);
  box.replaceChildren(chart.root);
}

// Pieces between which no response time was logged: a gap is a gap, not a zero.
function pieces(points, value) {
  const found = [[]];
  points.forEach((point, index) => {
    if (value(point) > 0) found.at(-1).push([index, value(point)]);
    else if (found.at(-1).length) found.push([]);
  });
  return found.filter((piece) => piece.length);
}

export function lines(box, points) {
  const p95 = (point) => point.p95ResponseTime ?? 0, mean = (point) => point.responseTime;
  const highest = Math.max(0, ...points.map((point) => Math.max(p95(point), mean(point))));
  const chart = frame(box, points, ceiling(highest), `Response time per period, at most ${figure(highest)} ms`);
  const at = ([index, value]) => [chart.x(index) + chart.step / 2, chart.y(value)];
  for (const [name, value] of [['p95', p95], ['mean', mean]]) {
    for (const piece of pieces(points, value)) {
      const path = piece.map((pair, i) => `${i ? 'L' : 'M'}${at(pair).map((n) => n.toFixed(1)).join(' ')}`).join('');
      chart.root.append(svg('path', { class: name, d: path }));
      if (piece.length === 1) chart.root.append(svg('circle', { class: `dot-${name}`, cx: at(piece[0])[0], cy: at(piece[0])[1], r: 2.5 }));
    }
  }
  hover(chart, points, (point) => `${moment(point.periodStart)} UTC: mean ${figure(point.responseTime)} ms, `
    + `95th percentile ${point.p95ResponseTime === null ? 'none' : `${figure(point.p95ResponseTime)} ms`}`);
  box.replaceChildren(chart.root);
}
