import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runServer } from 'verdaccio';

/** Starts an empty npm registry on loopback; npm uses it for this repository's scope with the returned `userconfig`. */
export async function startRegistry(directory) {
  mkdirSync(directory, { recursive: true });
  const everyone = { access: '$all', publish: '$all' };
  const app = await runServer({
    self_path: directory,
    storage: join(directory, 'storage'),
    auth: { htpasswd: { file: join(directory, 'htpasswd') } },
    uplinks: {},
    packages: { '**': everyone },
    log: { type: 'stdout', format: 'pretty', level: 'error' },
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${server.address().port}`;
  const userconfig = join(directory, 'npmrc');
  writeFileSync(
    userconfig,
    `@quantumtrade:registry=http://${address}/\n//${address}/:_authToken=anybody\nfund=false\naudit=false\nupdate-notifier=false\n`,
  );
  return {
    userconfig,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
