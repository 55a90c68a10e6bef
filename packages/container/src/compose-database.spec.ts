import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAuditTrail } from '@quantumtrade/dal-audit-trail';
import { defineConfig } from '@quantumtrade/dal-config';
import { buildRow } from '@quantumtrade/dal-testing/records';
import { composeDatabase } from './compose-database.js';

const record = buildRow('marketData', { symbol: 'X', timestamp: 1_000 });
const bars = { records: [record], source: 'test' };

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'qtdal-compose-'))));
afterEach(() => rm(directory, { recursive: true }));

describe('composeDatabase', () => {
  it('opens the configured backend with its audit trail', async () => {
    const config = defineConfig({ backend: 'memory', audit: { directory, actor: 'ann' } });
    const { database, backends, auditTrail, close } = await composeDatabase(config);
    expect(backends).toEqual({ timeSeries: 'memory', cache: 'memory' });
    await database.insertMarketData(bars);
    await close();
    await expect(database.getMarketData({})).rejects.toMatchObject({ code: 'CONNECTION' });
    expect(auditTrail?.stats()).toMatchObject({ recorded: 1 });
    for await (const { entry } of readAuditTrail(directory)) expect(entry).toMatchObject({ actor: 'ann' });
  });

  it('stores buffered rows before it closes the stores', async () => {
    const { database, close } = await composeDatabase(defineConfig({ backend: 'memory' }));
    const writer = await database.batchWriter({ maxAgeMs: 60_000 });
    const written = writer.write('marketData', bars);
    await close();
    expect(await written).toMatchObject({ acceptedCount: 1 });
  });

  it('records entries in the sink and in the audit trail', async () => {
    const entries: unknown[] = [];
    const audit = { record: async (entry: object) => void entries.push(entry) };
    const config = defineConfig({ backend: 'memory', audit: { directory } });
    const { database, auditTrail, close } = await composeDatabase(config, { audit, actor: 'bob' });
    await database.insertMarketData(bars);
    await close();
    expect(entries).toMatchObject([{ actor: 'bob' }]);
    expect(auditTrail?.stats()).toMatchObject({ recorded: 1 });
  });

  it('rejects over a damaged audit trail', async () => {
    await writeFile(join(directory, 'head'), 'nothing\n');
    const config = defineConfig({ backend: 'memory', audit: { directory } });
    await expect(composeDatabase(config)).rejects.toMatchObject({ code: 'DAMAGED' });
  });

  it('refuses an unknown option by name', async () => {
    const opened = composeDatabase(defineConfig({ backend: 'memory' }), { clok: 1 } as object);
    await expect(opened).rejects.toMatchObject({ code: 'VALIDATION', field: 'clok' });
  });
});
