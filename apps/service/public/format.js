/** Formats of numbers and times. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** @param {number | null | undefined} value */
export const count = (value) => (value == null ? '–' : whole.format(value));

/** @param {number | null | undefined} ms */
export function duration(ms) {
  if (ms == null) return '–';
  if (ms < 1_000) return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${short.format(ms / 60_000)} min`;
}

/** @param {number | null | undefined} bytes */
export function size(bytes) {
  if (bytes == null) return '–';
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  return `${power === 0 ? whole.format(bytes) : (bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}

/** @param {number | null | undefined} share */
export const percent = (share) => (share == null ? '–' : `${(100 * share).toFixed(1)} %`);

/** @param {number} value */
export const price = (value) =>
  value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 8 });

/** @param {number} at */
export const instant = (at) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
