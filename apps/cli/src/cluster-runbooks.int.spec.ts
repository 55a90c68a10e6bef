import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ClickHouseCluster, type ClickHouseNode } from '@quantumtrade/dal-test-servers/cluster';
import { ScratchDirectory } from './testing.js';
import { BARS, runPage } from './testing/runbook.js';

const DATABASE = 'runbook';

const start = process.cwd();
const scratch = new ScratchDirectory();
let cluster: ClickHouseCluster;
afterEach(() => cluster.stop());
afterAll(() => {
  process.chdir(start);
  scratch.remove();
});

/** Begins a page in a folder of its own. */
async function begin(name: string, shards: number): Promise<void> {
  cluster = await ClickHouseCluster.start({ shards, copies: 2 });
  mkdirSync(join(scratch.path, name));
  process.chdir(join(scratch.path, name));
  scratch.file(`${name}/bars.csv`, BARS);
}

/** Returns a configuration with these servers; without a layout, of one server and no cluster. */
function configOf(nodes: readonly ClickHouseNode[], layout?: string): string {
  const { username, password, url } = nodes[0]!;
  const settings = [
    'backend = "clickhouse-redis"',
    ...[
      `[redis]`,
      `url = "${process.env['REDIS_URL']}"`,
      `key_prefix = "${DATABASE}:${password.slice(0, 9)}:"`,
    ],
    ...['[audit]', 'directory = "audit"', '[writer]', 'directory = "writer"'],
    ...['[clickhouse]', `username = "${username}"`, `password = "${password}"`, `database = "${DATABASE}"`],
  ];
  if (layout === undefined) return [...settings, `url = "${url}"`].join('\n');
  const endpoints = nodes.map((node) => `{ url = "${node.url}", shard = "${node.shard}" }`);
  return [
    ...[...settings, `endpoints = [${endpoints.join()}]`],
    ...['[clickhouse.cluster]', `name = "${cluster.name}"`, 'copies = "written"', `layout = ${layout}`],
  ].join('\n');
}

it('add-a-shard.md prints what it says', async () => {
  await begin('add', 2);
  const configure = (layout: string) => {
    scratch.file('add/qtdal.toml', configOf(cluster.nodes, layout));
  };
  const before = [
    async () => configure('[{ shards = 2 }]'),
    async () => {
      await cluster.startShard();
      configure('[{ shards = 2 }]');
    },
    () => cluster.updateNodes(),
    async () => configure('[{ shards = 2 }, { from = "2026-12", shards = 3 }]'),
  ];
  await runPage('add-a-shard.md', {}, (block) => before[block]!());
}, 180_000);

it('fill-a-copy.md prints what it says', async () => {
  await begin('fill', 1);
  const [first, second] = cluster.nodes as [ClickHouseNode, ClickHouseNode];
  const LAYOUT = '[{ shards = 1 }]';
  const whole = first.remoteServers;
  const before = [
    async () => {
      await first.kill();
      await first.start(whole.replace(/<replica>(?:(?!<replica>).)*<\/replica>(?=<\/shard>)/, ''));
      scratch.file('fill/qtdal.toml', configOf([first], LAYOUT));
    },
    async () => scratch.file('fill/new-copy.toml', configOf([second])),
    async () => scratch.file('fill/all.toml', configOf([first, second], LAYOUT)),
    async () => undefined,
    () => cluster.updateNodes(),
  ];
  await runPage('fill-a-copy.md', {}, async (block) => {
    await before[block]!();
  });
}, 180_000);
