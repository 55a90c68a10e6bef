export { copySchema } from './copy-schema.js';
export { loginOf, queryClickHouse, type ClickHouseLogin } from './query-clickhouse.js';
