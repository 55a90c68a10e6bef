export {
  embeddedClickHouse,
  hasS3,
  testClickHouse,
  testRedis,
  testS3,
  type TestS3Server,
  type TestServer,
} from './servers.js';
