import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@quantumtrade/dal-testing';
import { runService } from './run-service.js';
import { ServiceProcess } from './testing/service-process.js';

const directory = mkdtempSync(join(tmpdir(), 'qtdal-service-'));
afterAll(() => rmSync(directory, { recursive: true }));

function configFile(text: string): string {
  const file = join(directory, `${Math.random()}.toml`);
  writeFileSync(file, text);
  return file;
}

describe('qtdal-service', () => {
  it('exits with 0 after SIGINT', async () => {
    const service = await ServiceProcess.start(
      configFile('backend = "memory"\n[http]\nport = 0\nstop = { drain_delay = 0 }'),
      '--migrate',
    );
    const url = await service.listening();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    service.kill('SIGINT');
    expect(await service.ended).toBe(0);
    await until(() => service.log.some((line) => line.includes('"stopped"')));
  });

  it('exits at once with another code after a second signal', async () => {
    const service = await ServiceProcess.start(
      configFile('backend = "memory"\n[http]\nport = 0\nstop = { drain_delay = 600, grace = 3600 }'),
    );
    await service.listening();
    service.kill('SIGTERM');
    await until(() => service.log.some((line) => line.includes('"stopping"')));
    service.kill('SIGTERM');
    expect(await service.ended).toBe(143);
  });

  it.each([
    [['--help'], 0, 'Usage: qtdal-service'],
    [['--port', '1'], 2, "Unknown option '--port'"],
    [['--config', '/nowhere.toml'], 2, 'cannot be read'],
    [['--config', configFile('backend = "memory"\n[http]\ntokens = [{ user = "a" }]')], 2, 'http.tokens.0'],
    [['--config', configFile('backend = "memory"\n[http]\nport = 70000')], 1, 'port'],
  ])('answers %j with %i', async (args, code, text) => {
    let printed = '';
    const stream = { write: (part: string) => Boolean((printed += part)) } as unknown as NodeJS.WriteStream;
    const io = { env: {}, stdout: stream, stderr: stream, exit: process.exit, on: () => io, off: () => io };
    expect(await runService(args, io as never)).toBe(code);
    expect(printed).toContain(text);
  });
});
