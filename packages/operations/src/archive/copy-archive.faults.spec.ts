import { ConnectionError } from '@quantumtrade/dal-domain';
import { Random, seeds } from '@quantumtrade/dal-testing';
import { CopyScenario } from '../testing/copy-scenario.js';
import type { Archive } from './archive.js';

let site: CopyScenario;
beforeEach(() => (site = new CopyScenario()));

it('leaves what could be restored wherever it fails, and goes on', async () => {
  const archive = site.open();
  await site.appendAll(archive, 100, 'a', 'b');
  await site.harness.advance(1);
  await site.copy();
  const before = new Map(site.copies.objects);
  await site.appendAll(archive, 300, 'c', 'd');
  const other = site.open();
  await site.appendAll(other, 500, 'e');
  await site.close(archive);
  await site.close(other);
  await site.harness.advance(100);
  let failed = 0;
  for (let isDone = false; !isDone; failed++) {
    site.copies.objects.clear();
    for (const [key, bytes] of before) site.copies.objects.set(key, bytes);
    let puts = 0;
    site.copies.onCall = (call) => {
      if (call === 'put' && puts++ === failed) throw new ConnectionError('cut', { operation: 'objects.put' });
    };
    isDone = await site.copy().then(
      () => true,
      () => false,
    );
    site.copies.onCall = () => undefined;
    if (!isDone) {
      expect(await site.restored(200)).toEqual(['a', 'b']);
      expect(['a,b', 'a,b,c,d,e']).toContain((await site.restored('latest')).join());
      await expect(site.restored(550)).rejects.toThrow(/is later than/);
    }
    await site.copy();
    expect(await site.restored(550)).toEqual(['a', 'b', 'c', 'd', 'e']);
  }
  expect(failed).toBeGreaterThan(5);
});

it('a first copy that failed restores nothing', async () => {
  for (const id of ['a', 'b']) {
    const archive = site.open();
    await site.appendAll(archive, id === 'a' ? 100 : 200, id);
    if (id === 'a') site.harness.crash();
    else await site.close(archive);
  }
  let puts = 0;
  site.copies.onCall = (call) => {
    if (call === 'put' && ++puts > 4) throw new ConnectionError('cut', { operation: 'objects.put' });
  };
  await expect(site.copy()).rejects.toThrow('cut');
  site.copies.onCall = () => undefined;
  await expect(site.restored('latest')).rejects.toThrow(/has no backup before it/);
});

it.each(seeds(15))('restores what was acknowledged by the reach, seed %i', async (seed) => {
  const random = new Random(seed);
  const acknowledged: [id: string, at: number][] = [];
  let archives: Archive[] = [site.open()];
  let reach = 0;
  for (let step = 0; step < 40; step++) {
    await site.harness.advance(1 + random.below(40));
    await random.pick([
      async () => {
        const at = site.harness.clock.now();
        await site.harness.append(random.pick(archives), `block ${step}`, { begunAt: at });
        acknowledged.push([`block ${step}`, at]);
      },
      async () => void archives.push(site.open()),
      async () => {
        for (const archive of archives) await site.close(archive);
        archives = [site.open()];
      },
      async () => {
        site.harness.crash();
        archives = [site.open()];
      },
      async () => {
        const copying = site.copy();
        const busy = random.pick(archives);
        await site.harness.append(busy, `busy ${step}`, { begunAt: site.harness.clock.now() });
        acknowledged.push([`busy ${step}`, site.harness.clock.now()]);
        reach = Number((await site.harness.settle(copying)).reachesTo);
      },
    ])();
    if (reach < 50) continue;
    const found = new Set(await site.restored(reach));
    const missing = acknowledged.filter(([id, at]) => at <= reach && at > 50 && !found.has(id));
    expect({ seed, step, missing }).toEqual({ seed, step, missing: [] });
  }
});
