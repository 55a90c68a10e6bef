import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { defineConfig } from '@quantumtrade/dal-config';
import { composeDatabase } from '@quantumtrade/dal-container';
import { DASHBOARD_DEMO } from '../commands/dashboard.js';
import { serveDashboard } from '../dashboard/serve-dashboard.js';
import { runDemo } from '../demo/run-demo.js';
import { SP500 } from '../demo/sp500.js';
import { startChromium } from './chromium.js';

const [file = 'dashboard.png', ...more] = process.argv.slice(2);
const POLLS_MS = 10_000;
const VIEWS: Readonly<Record<string, object>> = {
  light: { viewport: { width: 1240, height: 2250 }, colorScheme: 'light' },
  dark: { viewport: { width: 1240, height: 1500 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
};

/** Writes a screenshot of the dashboard on the demo's data; `--all` writes the whole page in every view beside it. */
const config = defineConfig({ backend: 'embedded' });
const opened = await composeDatabase(config);
const { signal } = new AbortController();
await runDemo(opened, { ...DASHBOARD_DEMO, signal, onStep: () => undefined });
const { url, stop } = await serveDashboard(opened.database, config.http, 0);
url.search = String(new URLSearchParams({ symbol: SP500.symbol, interval: '1d' }));
const browser = await startChromium();
try {
  await mkdir(dirname(file), { recursive: true });
  for (const [name, view] of Object.entries(VIEWS)) {
    const isAll = more.includes('--all');
    if (name !== 'light' && !isAll) continue;
    const page = await browser.newPage(view);
    page.on('console', (message) => process.stderr.write(`${name}: ${message.text()}\n`));
    page.on('pageerror', (error) => process.stderr.write(`${name}: ${error.stack}\n`));
    await page.goto(url.href);
    await page.locator('#candles canvas').first().waitFor();
    await page.waitForTimeout(POLLS_MS);
    await page.screenshot({ path: isAll ? file.replace('.png', `-${name}.png`) : file, fullPage: isAll });
    await page.close();
  }
} finally {
  await browser.close();
  await stop();
  await opened.close();
}
