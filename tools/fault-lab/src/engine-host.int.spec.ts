import { setTimeout as delay } from 'node:timers/promises';
import { EngineHost } from './engine-host.js';
import { FAULTS } from './faulty-host.js';

const PASSWORD = 'shared';
const PATIENCE_MS = 500;

let host: EngineHost;
beforeAll(async () => {
  host = await EngineHost.start(PASSWORD);
});
afterAll(() => host.stop());

/** Asks the host as its clients do. */
async function ask(): Promise<'answered' | 'failed' | 'late'> {
  const headers = { 'X-ClickHouse-User': host.username, 'X-ClickHouse-Key': PASSWORD };
  const asked = fetch(host.url, { method: 'POST', body: 'SELECT 1', headers })
    .then((response) => response.text())
    .then((text) => (text === '1\n' ? 'answered' : 'failed'))
    .catch(() => 'failed' as const);
  return Promise.race([asked, delay(PATIENCE_MS, 'late' as const)]);
}

it.each(FAULTS)('%s is felt by clients until the host is healed', async (fault) => {
  expect(await ask()).toBe('answered');
  await host.suffer(fault);
  expect(await ask()).toBe(fault === 'kill' || fault === 'reset' ? 'failed' : 'late');
  await host.heal();
  expect(await ask()).toBe('answered');
});

it('counts requests that are reset', async () => {
  const before = host.resetCount;
  await host.suffer('reset');
  await ask();
  expect(host.resetCount).toBe(before + 1);
  await host.heal();
});
