export { testClickHouse, testRedis, type TestServer } from './servers.js';
