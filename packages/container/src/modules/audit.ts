import type { AuditTrail, AuditTrailEvent } from '@quantumtrade/dal-audit-trail';
import { openAuditTrail } from '@quantumtrade/dal-audit-trail';
import type { AuditConfig } from '@quantumtrade/dal-config';
import { ContainerModule } from 'inversify';
import { TOKENS } from '../tokens.js';

/** The audit trail on this machine's disk, where a directory for it is configured. Closed after the data layer. */
export function auditModule(
  { directory, key }: AuditConfig,
  onEvent?: (event: AuditTrailEvent) => void,
): ContainerModule {
  return new ContainerModule(({ bind }) => {
    if (directory === undefined) return;
    bind(TOKENS.AuditTrail)
      .toDynamicValue(() => openAuditTrail({ directory, key: key?.reveal(), onEvent }))
      .inSingletonScope()
      .onDeactivation((trail: AuditTrail) => trail.close());
  });
}
