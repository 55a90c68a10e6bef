import { ownSettings } from '../testing/own-backend.js';
import { ClickHouseClient } from './clickhouse-client.js';
import { SERVER_ERRORS } from './server-error-table.js';

const client = new ClickHouseClient(ownSettings());
afterAll(() => client.close());

it('table of errors has the names and codes of the engine', async () => {
  const codes = Object.values(SERVER_ERRORS).map(([code]) => code);
  const rows = await client
    .sql('system')
    .rows<{ code: number; name: string }>(
      'test',
      'SELECT arrayJoin({codes:Array(UInt32)}) AS code, toString(errorCodeToName(code)) AS name ORDER BY code',
      { codes },
    );
  const names = rows.map(({ code, name }) => [name, Number(code)]);
  expect(names).toEqual(Object.entries(SERVER_ERRORS).map(([name, [code]]) => [name, code]));
});
