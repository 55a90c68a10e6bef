import { once } from 'node:events';
import { FakeServer } from '../../testing/fake-server.js';
import { selectOne } from '../../testing/select-one.js';
import { completeClickHouseSettings } from '../settings.js';
import { HttpDriver } from './http-driver.js';

it('chunk of an answer stays as it is while others arrive', async () => {
  const server = await FakeServer.start((response) => {
    response.write('a'.repeat(1_000));
    setTimeout(() => response.end('b'.repeat(1_000)), 20);
  });
  const driver = new HttpDriver(completeClickHouseSettings({ url: server.url }), 1);
  const chunks: Buffer[] = [];
  for (let request = 0; request < 2; request++) {
    const { body } = await selectOne(driver);
    body.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(body, 'end');
  }
  const answer = 'a'.repeat(1_000) + 'b'.repeat(1_000);
  expect(Buffer.concat(chunks).toString()).toBe(answer + answer);
  expect(server.sockets.size).toBe(1);
  await driver.close();
  await server.stop();
});
