import { get } from './api.js';
import { byId, element, table } from './elements.js';
import { count, instant } from './format.js';

/** Report of the symbols by completeness, made when it is asked for. */
export class Completeness {
  #form = byId('completeness-form');

  constructor() {
    this.#form.addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.load();
    });
  }

  async load() {
    const { days, endTime } = this.#form.elements;
    const note = byId('completeness-note');
    note.textContent = 'Loading …';
    try {
      const report = await get('completeness', { days: days.value, endTime: endTime.value });
      note.textContent =
        `${count(report.symbols.length)} symbols, ${count(report.daysSeen)} days with bars of any symbol between ` +
        `${instant(report.startTime).slice(0, 10)} and ${instant(report.endTime - 1).slice(0, 10)}`;
      byId('completeness-body').replaceChildren(reportTable(report.symbols));
    } catch (error) {
      note.textContent = /** @type {Error} */ (error).message;
    }
  }
}

/** @param {any[]} rows */
const reportTable = (rows) =>
  table({
    caption:
      'Missing days are those between the first and the last day of a symbol on which other symbols have bars. ' +
      'Late bars were written, or corrected, after a later bar of their symbol and source',
    empty: 'There are no bars in this range.',
    rows: rows.slice(0, 50),
    columns: [
      { title: 'Symbol', cell: ({ symbol }) => symbol },
      { title: 'Bars', number: true, cell: ({ bars }) => count(bars) },
      { title: 'Days', number: true, cell: ({ days }) => count(days) },
      { title: 'Missing days', number: true, cell: ({ missingDays }) => toned(missingDays) },
      { title: 'Late bars', number: true, cell: ({ lateBars }) => toned(lateBars) },
      { title: 'Closes that differ', number: true, cell: ({ disagreements }) => toned(disagreements) },
      { title: 'Sources', cell: ({ sources }) => sources.join(', ') },
      { title: 'Newest missing', wrap: true, cell: ({ missing }) => missing.slice(0, 3).join(', ') || '–' },
    ],
  });

/** @param {number | null} found */
const toned = (found) => (found ? element('span', { class: 'warn-text' }, count(found)) : count(found));
