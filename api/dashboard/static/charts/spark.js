// A sparkline: small enough to be drawn without a library, so that figures are there at once.
import { svg } from '../core/dom.js';

/**
 * @param {(number | null)[]} values
 * @param {string} colour a custom property's name
 */
export function spark(values, colour) {
  const known = values.map((value) => value ?? 0);
  const low = Math.min(...known);
  const range = Math.max(...known) - low || 1;
  const points = known.map((value, i) => `${((i / Math.max(1, known.length - 1)) * 100).toFixed(1)},${(31 - ((value - low) / range) * 28).toFixed(1)}`);
  return svg('svg', { viewBox: '0 0 100 34', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('polygon', { points: `0,34 ${points.join(' ')} 100,34`, fill: `var(--${colour})`, opacity: '0.16' }),
    svg('polyline', { points: points.join(' '), fill: 'none', stroke: `var(--${colour})`, 'stroke-width': '1.5', 'vector-effect': 'non-scaling-stroke' }));
}
