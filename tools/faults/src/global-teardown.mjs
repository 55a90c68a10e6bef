import { rm } from 'node:fs/promises';

export default () => rm(process.env.MIGRATED_ENGINE, { recursive: true });
