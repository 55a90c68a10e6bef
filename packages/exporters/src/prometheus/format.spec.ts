import { formatFor } from './format.js';

it.each([
  [undefined, 'text'],
  ['', 'text'],
  ['*/*', 'text'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'text'],
  ['text/plain', 'text'],
  ['application/openmetrics-text', 'openmetrics'],
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  ['Application/OpenMetrics-Text; version=1.0.0; escaping=allow-utf-8;q=0.5, text/plain;q=0.6', 'text'],
  ['application/openmetrics-text;q=0, text/plain', 'text'],
  ['application/openmetrics-text;q=nonsense', 'text'],
])('format for the Accept header %s is %s', (accept, format) => {
  expect(formatFor(accept)).toBe(format);
});
