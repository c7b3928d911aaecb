// Numbers and times as people read them. Times are in UTC or in the viewer's zone, by one switch.
const integer = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** @param {number} number */
export const count = (number) => integer.format(number);
/** @param {number | null | undefined} number */
export const figure = (number) => (number === null || number === undefined ? '–' : (Math.abs(number) >= 1000 ? integer : short).format(number));
/** @param {number | null | undefined} number */
export const percent = (number) => (number === null || number === undefined ? '–' : `${figure(number)} %`);

/** @param {number} number bytes */
export function bytes(number) {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (Math.abs(number) >= 1024 && unit < units.length - 1) {
    number /= 1024;
    unit += 1;
  }
  return `${figure(number)} ${units[unit]}`;
}

/** @returns {'UTC' | undefined} */
export const zone = () => (localStorage.getItem('zone') === 'local' ? undefined : 'UTC');

/**
 * One per form and zone: making one takes longer than all that is written with it.
 * @type {Map<string, Intl.DateTimeFormat>}
 */
const formats = new Map();

/**
 * @param {number | null | undefined} ms
 * @param {Intl.DateTimeFormatOptions} options
 */
function written(ms, options) {
  if (ms === null || ms === undefined) return '–';
  const key = `${Object.keys(options)} ${zone()}`;
  let format = formats.get(key);
  if (!format) formats.set(key, format = new Intl.DateTimeFormat('en-CA', { ...options, hourCycle: 'h23', timeZone: zone() }));
  return format.format(ms);
}
const DAY = /** @type {const} */ ({ year: 'numeric', month: '2-digit', day: '2-digit' });
const CLOCK = /** @type {const} */ ({ hour: '2-digit', minute: '2-digit' });
/** @param {number | null | undefined} ms */
export const clock = (ms) => written(ms, { ...CLOCK, second: '2-digit' });
/** @param {number | null | undefined} ms */
export const minute = (ms) => written(ms, CLOCK);
/** @param {number | null | undefined} ms */
export const moment = (ms) => written(ms, { ...DAY, ...CLOCK }).replace(',', '');
/** @param {number | null | undefined} ms */
export const shortMoment = (ms) => written(ms, { month: '2-digit', day: '2-digit', ...CLOCK, second: '2-digit' }).replace(',', '');
export const zoneName = () => (zone() ? 'UTC' : 'local time');

/** @param {number} ms a length of time */
export function span(ms) {
  const minutes = Math.max(0, Math.round(ms / 60000));
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`;
  return `${Math.floor(minutes / 1440)} days`;
}
