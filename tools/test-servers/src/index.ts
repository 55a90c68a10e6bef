export { embeddedClickHouse, hasS3, testClickHouse, testRedis, testS3, type TestServer } from './servers.js';
