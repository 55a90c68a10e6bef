import { LightAbortSignal } from '@quantumtrade/dal-runtime';
import type { HttpDriver } from '../connection/driver/http-driver.js';

/** Sends `SELECT 1` through a driver. Returns the answer. */
export const selectOne = (driver: HttpDriver): ReturnType<HttpDriver['send']> =>
  driver.send({
    query: 'SELECT 1',
    queryId: 'id',
    database: 'd',
    settings: {},
    signal: new LightAbortSignal(),
  });
