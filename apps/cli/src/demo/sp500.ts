import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Daily bars of the S&P 500 index from 2000-01-03 to 2020-04-17, from the package vega-datasets. */
export const SP500 = {
  file: join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data/sp500-2000.csv'),
  bars: 5_105,
  symbol: '^GSPC',
  source: 'demo-sp500',
} as const;
