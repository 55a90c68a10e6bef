import { CandlestickSeries, createChart, HistogramSeries, LineSeries } from './vendor/lightweight-charts.mjs';
import { get } from './api.js';
import { byId, element, table } from './elements.js';
import { count, instant, price } from './format.js';

const IN_TABLE = 30;
const NONE = 'none';

/** Chart of the candles of a symbol with volume, a feature and the predictions of a strategy. */
export class MarketChart {
  #form = byId('market-form');
  /** @type {any} */
  #chart;
  /** @type {any} */
  #data;

  constructor() {
    const address = new URLSearchParams(location.search);
    for (const name of ['symbol', 'interval']) {
      const given = address.get(name);
      if (given) this.#form.elements[name].value = given;
    }
    this.#form.addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.load();
    });
    for (const name of ['feature', 'strategy'])
      this.#form.elements[name].addEventListener('change', () => this.#draw());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  /** Loads the list of symbols, and the chart of the chosen one, or of the first one. */
  async start() {
    try {
      const { symbols } = await get('symbols');
      byId('symbols').replaceChildren(
        ...symbols.map((/** @type {any} */ { symbol }) => element('option', { value: symbol })),
      );
      const { symbol } = this.#form.elements;
      symbol.value ||= symbols[0]?.symbol ?? '';
      if (symbol.value) await this.load();
      else this.#note('There are no bars.');
    } catch (error) {
      this.#note(/** @type {Error} */ (error).message);
    }
  }

  async load() {
    const { symbol, interval, source, feature, strategy } = this.#form.elements;
    const isSameSymbol = this.#data?.symbol === symbol.value;
    this.#note('Loading …');
    try {
      const data = await get('chart', {
        symbol: symbol.value,
        interval: interval.value,
        ...(isSameSymbol && { source: source.value }),
      });
      this.#data = data;
      fill(source, data.sources, data.source);
      const features = Object.keys(data.features).sort();
      fill(feature, [NONE, ...features], feature.value || features.find((name) => name.startsWith('sma')));
      const strategies = Object.keys(data.predictions).sort();
      fill(strategy, [NONE, ...strategies], strategy.value || strategies[0]);
      const address = new URLSearchParams({ symbol: data.symbol, interval: data.interval });
      history.replaceState(null, '', `?${address}${location.hash}`);
      this.#draw();
    } catch (error) {
      this.#note(/** @type {Error} */ (error).message);
    }
  }

  #draw() {
    const data = this.#data;
    if (!data) return;
    const { candles, symbol, interval } = data;
    this.#chart?.remove();
    this.#chart = undefined;
    this.#describe();
    if (candles.length === 0) return;
    const color = (/** @type {string} */ name) =>
      getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const chart = createChart(byId('candles'), {
      autoSize: true,
      layout: {
        background: { color: color('--card') },
        textColor: color('--muted'),
        // The attribution is in the footer: the logo would need an inline style.
        attributionLogo: false,
        panes: { separatorColor: color('--line') },
      },
      grid: { vertLines: { color: color('--line') }, horzLines: { color: color('--line') } },
      rightPriceScale: { borderColor: color('--line') },
      timeScale: { borderColor: color('--line'), timeVisible: /[mh]$/.test(interval) },
    });
    const up = color('--good');
    const down = color('--bad');
    const series = chart.addSeries(CandlestickSeries, {
      upColor: up,
      downColor: down,
      wickUpColor: up,
      wickDownColor: down,
      borderVisible: false,
      title: symbol,
    });
    series.setData(candles.map((/** @type {any} */ candle) => ({ ...candle, time: seconds(candle.time) })));
    series.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.24 } });
    const volume = chart.addSeries(HistogramSeries, {
      priceScaleId: '',
      priceFormat: { type: 'volume' },
      color: `${color('--muted')}55`,
      priceLineVisible: false,
      lastValueVisible: false,
    });
    volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    volume.setData(
      candles.map((/** @type {any} */ { time, volume: value }) => ({ time: seconds(time), value })),
    );
    this.#addLines(chart, color);
    chart.timeScale().fitContent();
    this.#chart = chart;
  }

  /** @param {any} chart @param {(name: string) => string} color */
  #addLines(chart, color) {
    const { candles, features, predictions } = this.#data;
    const { feature, strategy } = this.#form.elements;
    const line = (/** @type {any} */ options, /** @type {number} */ pane, /** @type {any[]} */ points) => {
      const style = { lineWidth: 2, priceLineVisible: false, lastValueVisible: false, ...options };
      chart.addSeries(LineSeries, style, pane).setData(sorted(points));
    };
    const from = candles[0].time;
    const shown = (/** @type {any[]} */ points) => points.filter(({ time }) => time >= from);
    const values = shown(features[feature.value] ?? []);
    if (values.length > 0) {
      const low = Math.min(...candles.map((/** @type {any} */ candle) => candle.low));
      const high = Math.max(...candles.map((/** @type {any} */ candle) => candle.high));
      const isPrice = values.every(({ value }) => value > low / 2 && value < high * 2);
      line({ color: color('--warn'), title: feature.value }, isPrice ? 0 : 1, values);
      if (!isPrice) chart.panes()[1].setHeight(90);
    }
    const expected = shown(predictions[strategy.value] ?? []);
    if (expected.length > 0) {
      const points = expected.map(({ time, price: value }) => ({ time, value }));
      line({ color: color('--accent'), lineStyle: 2, title: strategy.value }, 0, points);
    }
  }

  /** Says in words and in a table what the chart shows. */
  #describe() {
    const { symbol, interval, source, candles } = this.#data;
    const last = candles.at(-1);
    const text = last
      ? `${symbol}, ${interval}, source ${source}: ${count(candles.length)} candles from ${instant(candles[0].time)} to ` +
        `${instant(last.time)} UTC, last close ${price(last.close)}`
      : `There are no bars of ${symbol} in this range.`;
    this.#note(text);
    byId('candles').setAttribute('aria-label', `Candle chart. ${text}`);
    byId('candle-table').replaceChildren(
      table({
        caption: `The newest ${IN_TABLE} candles, the newest first`,
        empty: 'There are no candles.',
        rows: candles.slice(-IN_TABLE).reverse(),
        columns: [
          { title: 'Begins (UTC)', cell: ({ time }) => instant(time) },
          ...['open', 'high', 'low', 'close'].map((name) => ({
            title: name[0].toUpperCase() + name.slice(1),
            number: true,
            cell: (/** @type {any} */ row) => price(row[name]),
          })),
          { title: 'Volume', number: true, cell: ({ volume }) => count(volume) },
          { title: 'Bars', number: true, cell: ({ bars }) => count(bars) },
        ],
      }),
    );
  }

  /** @param {string} text */
  #note(text) {
    byId('market-note').textContent = text;
  }
}

const seconds = (/** @type {number} */ ms) => Math.floor(ms / 1_000);

/** Returns the points in order of time, the last one of each second. @param {any[]} points */
function sorted(points) {
  const bySecond = new Map(points.map(({ time, value }) => [seconds(time), value]));
  return [...bySecond].sort(([a], [b]) => a - b).map(([time, value]) => ({ time, value }));
}

/** @param {HTMLSelectElement} select @param {string[]} values @param {string | undefined} chosen */
function fill(select, values, chosen) {
  select.replaceChildren(...values.map((value) => element('option', { value }, value)));
  select.value = chosen !== undefined && values.includes(chosen) ? chosen : (values[0] ?? '');
}
