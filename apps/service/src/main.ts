#!/usr/bin/env node
import { runService } from './run-service.js';

process.exit(await runService(process.argv.slice(2), process));
