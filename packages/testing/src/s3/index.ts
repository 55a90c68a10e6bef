export { hasRadosGateway, RadosGateway, type S3Login } from './rados-gateway.js';
