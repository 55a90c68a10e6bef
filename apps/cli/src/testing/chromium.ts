import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

/** Starts Debian's Chromium, which the setup of the repository installs. `QT_CHROMIUM` names another one. */
export const startChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env['QT_CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
