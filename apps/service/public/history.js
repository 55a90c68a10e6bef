import uPlot from './vendor/uplot.js';
import { byId, element } from './elements.js';
import { count, duration, percent } from './format.js';

/** Polls that the charts show: ten minutes of one every three seconds. */
const KEPT = 200;

/**
 * @typedef {object} Series
 * @property {string} title
 * @property {(value: number | null) => string} text
 * @property {(now: any, before: any) => number | null} value
 */

const sum = (/** @type {any[]} */ rows, /** @type {string} */ key) =>
  rows.reduce((/** @type {number} */ total, row) => total + row[key], 0);

/** @type {Series[]} */
const SERIES = [
  {
    title: 'Ingest',
    text: (value) => (value === null ? '–' : `${count(value)} rows/s`),
    value: (now, before) =>
      before &&
      ((sum(now.measured.ingest, 'rows') - sum(before.measured.ingest, 'rows')) * 1_000) /
        (now.at - before.at),
  },
  {
    title: 'p95 of store calls',
    text: duration,
    value: (now) => now.performance.queryLatencyP95,
  },
  {
    title: 'Cache hit rate',
    text: percent,
    value: (now) => now.performance.cacheHitRate,
  },
];

/** @param {number} at Epoch seconds */
const clockTime = (at) => new Date(at * 1_000).toISOString().slice(11, 19);

/** Small charts of the polls of this page. */
export class History {
  /** @type {number[]} */
  #times = [];
  /** @type {(number | null)[][]} */
  #values = SERIES.map(() => []);
  /** @type {any} */
  #before;
  #charts = SERIES.map((series) => new SmallChart(series));

  /** @param {any} overview */
  add(overview) {
    if (this.#before && overview.at <= this.#before.at) return;
    this.#times.push(overview.at / 1_000);
    SERIES.forEach(({ value }, i) => this.#values[i].push(value(overview, this.#before) ?? null));
    for (const list of [this.#times, ...this.#values]) if (list.length > KEPT) list.shift();
    this.#before = overview;
    this.#charts.forEach((chart, i) => chart.show(this.#times, this.#values[i]));
  }
}

class SmallChart {
  /** @param {Series} series */
  constructor({ title, text }) {
    this.text = text;
    this.value = element('strong', {}, '–');
    this.plot = element('div', { 'aria-hidden': 'true' });
    byId('history').append(element('figure', {}, element('figcaption', {}, title, this.value), this.plot));
    this.chart = new uPlot(this.#options(), [[], []], this.plot);
    new ResizeObserver(() => this.chart.setSize({ width: this.plot.clientWidth, height: 110 })).observe(
      this.plot,
    );
  }

  /** @returns {uPlot.Options} */
  #options() {
    const color = (/** @type {string} */ name) => () =>
      getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = {
      stroke: color('--muted'),
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
    };
    return {
      width: Math.max(this.plot.clientWidth, 100),
      height: 110,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        y: {
          range: (/** @type {any} */ _, /** @type {any} */ __, /** @type {number} */ max) => [
            0,
            max > 0 ? max * 1.1 : 1,
          ],
        },
      },
      axes: [
        { ...axis, size: 26, grid: { show: false }, space: 90, values: (_, times) => times.map(clockTime) },
        {
          ...axis,
          size: 70,
          space: 35,
          values: (/** @type {any} */ _, /** @type {number[]} */ values) =>
            values.map((value) => this.text(value)),
        },
      ],
      series: [{}, { stroke: color('--accent'), width: 2, points: { show: false } }],
    };
  }

  /** @param {number[]} times @param {(number | null)[]} values */
  show(times, values) {
    this.value.textContent = this.text(values.at(-1) ?? null);
    this.chart.setData([times, values]);
  }
}
