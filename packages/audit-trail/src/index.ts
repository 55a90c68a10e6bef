export {
  openAuditTrail,
  type AuditTrail,
  type AuditTrailEvent,
  type AuditTrailOptions,
  type AuditTrailStats,
} from './audit-trail.js';
export { AuditTrailError, type AuditTrailErrorCode } from './audit-trail-error.js';
export type { AuditFields, AuditHead, AuditLine } from './format/line.js';
export { readAuditHead, readAuditTrail, type ReadAuditTrailOptions } from './read-audit-trail.js';
export type { AuditProblem, AuditProblemKind } from './verifying/problems.js';
export type { Unacknowledged } from './verifying/unacknowledged.js';
export { verifyAuditTrail, type AuditReport, type VerifyOptions } from './verifying/verify-audit-trail.js';
