import { AxeBuilder } from '@axe-core/playwright';
import type { ComposedDatabase } from '@quantumtrade/dal-container';
import { composeDatabase } from '@quantumtrade/dal-container';
import { defineConfig } from '@quantumtrade/dal-config';
import type { AggregatedData } from '@quantumtrade/dal-domain';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { SP500 } from '../demo/sp500.js';
import { ingestFile } from '../ingest/ingest-file.js';
import { hasChromium, startChromium } from '../testing/chromium.js';
import type { ServedDashboard } from './serve-dashboard.js';
import { serveDashboard } from './serve-dashboard.js';

const SERIOUS = ['serious', 'critical'];

let opened: ComposedDatabase;
let served: ServedDashboard;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const problems: string[] = [];
const requested: string[] = [];

beforeAll(async () => {
  const config = defineConfig({ backend: 'memory' });
  opened = await composeDatabase(config);
  const { database } = opened;
  await database.initializeSchema();
  await ingestFile(database, SP500.file, { ...SP500, restart: true, signal: new AbortController().signal });
  served = await serveDashboard(database, config.http, 0);
  browser = await startChromium();
  context = await browser.newContext({ viewport: { width: 1240, height: 900 } });
  page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => requested.push(request.url()));
  await page.goto(served.url.href);
  await page.locator('#candles canvas').first().waitFor();
  await page.locator('#completeness-body table').waitFor();
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  await opened?.close();
});

const text = (selector: string) => page.locator(selector).innerText();
const whole = (value: number) => value.toLocaleString('en');

/** Calls the API of the service as the page does. */
async function api<T>(path: string): Promise<T> {
  const token = new URLSearchParams(served.url.hash.slice(1)).get('token');
  const response = await fetch(new URL(path, served.url), { headers: { authorization: `Bearer ${token}` } });
  return (await response.json()) as T;
}

// A machine without a Chromium and without Debian's packages skips these.
(hasChromium() ? describe : describe.skip)('dashboard in Chromium', () => {
  it('says first whether the data layer is well', async () => {
    const { degradedBy } = await api<{ degradedBy: string[] }>('/healthz');
    const verdict = await text('#verdict');
    if (degradedBy.length === 0) expect(verdict).toContain('All is well');
    for (const reason of degradedBy) expect(verdict).toContain(reason);
  });

  it('shows the figures of the API', async () => {
    const symbol = encodeURIComponent(SP500.symbol);
    const { data } = await api<{ data: AggregatedData[] }>(
      `/v1/records/marketData/aggregates?symbol=${symbol}&interval=1d&startTime=2020-04-01`,
    );
    const last = data.at(-1)!;
    await page.locator('summary').click();
    const cells = await page.locator('#candle-table tbody tr').first().locator('th, td').allInnerTexts();
    const { open, high, low, close, volume } = last.bar!;
    const price = (value: number) =>
      value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 8 });
    expect(cells).toEqual([
      new Date(last.intervalStart!).toISOString().slice(0, 19).replace('T', ' '),
      ...[open, high, low, close].map(price),
      whole(volume),
      whole(last.count),
    ]);
    const { operations } = await api<{ operations: Record<string, { count: number }> }>('/v1/performance');
    const row = page.locator('#operations-body tr', {
      has: page.getByRole('rowheader', { name: 'marketData.insert' }),
    });
    expect(await row.locator('td').first().innerText()).toBe(whole(operations['marketData.insert']!.count));
  });

  it('explains a slow query', async () => {
    await page.getByRole('button', { name: 'Explain analytics.aggregate' }).first().click();
    await page.locator('#plan pre').waitFor();
    expect((await text('#plan pre')).length).toBeGreaterThan(10);
  });

  it('keeps the token out of the address', () => {
    expect(page.url()).not.toContain('token');
  });

  it.each(['light', 'dark'] as const)(
    'has no serious accessibility violation when %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => SERIOUS.includes(impact!));
      expect(serious.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
    },
  );

  it('fits the width of a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const overflow = () =>
      page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    await page.waitForFunction('document.querySelector("#candles").clientWidth < 360');
    expect(await overflow()).toBe(0);
    await page.setViewportSize({ width: 1240, height: 900 });
  });

  it('reaches every control by keyboard', async () => {
    const controls = 'a[href], button, input, select, summary, [tabindex="0"]';
    const expected = await page
      .locator(controls)
      .evaluateAll(
        (all) =>
          all.filter((each) => (each as unknown as { checkVisibility(): boolean }).checkVisibility()).length,
      );
    const reached = new Set<string>();
    await page.evaluate(
      'document.activeElement.blur(); window.getSelection().removeAllRanges(); scrollTo(0, 0)',
    );
    for (let i = 0; i < expected + 15; i++) {
      await page.keyboard.press('Tab');
      const id = await page.evaluate<string>(
        `{ const all = [...document.querySelectorAll('${controls}')]; String(all.indexOf(document.activeElement)) }`,
      );
      reached.add(id);
    }
    reached.delete('-1');
    expect(reached.size).toBeGreaterThanOrEqual(expected);
  });

  it('asks for a token where there is none', async () => {
    const other = await context.newPage();
    await other.goto(new URL('/dashboard', served.url).href);
    await other.getByLabel('Bearer token of the service').fill('not-a-token-0123456789');
    await other.getByRole('button', { name: 'Open' }).click();
    await other.getByText('the bearer token is not valid').waitFor();
    expect(await other.locator('#content').isVisible()).toBe(false);
    await other.close();
  });

  it('requests nothing from elsewhere and logs no error', () => {
    const origins = new Set(
      requested
        .map((url) => new URL(url))
        .filter(({ protocol }) => protocol !== 'data:')
        .map(({ origin }) => origin),
    );
    expect([...origins]).toEqual([served.url.origin]);
    expect(problems).toEqual([]);
  });

  it('stops while the page polls', async () => {
    await served.stop();
    await page.getByText('The service does not answer').waitFor();
  });
});
