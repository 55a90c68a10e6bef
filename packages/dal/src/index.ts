export { DatabaseAbstraction, type DatabaseParts } from './database-abstraction.js';
