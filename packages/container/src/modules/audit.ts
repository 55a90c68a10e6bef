import type { AuditTrailEvent } from '@quantumtrade/dal-audit-trail';
import { openAuditTrail } from '@quantumtrade/dal-audit-trail';
import type { AuditConfig } from '@quantumtrade/dal-config';
import type { ContainerModuleLoadOptions } from 'inversify';
import { closable, closePart } from '../closing.js';
import { TOKENS } from '../tokens.js';

/**
 * Binds the configured audit trail on this machine's disk, where it has a directory, and the actor that its entries name.
 * It is closed after the data layer.
 */
export function bindAuditTrail(
  { bind }: ContainerModuleLoadOptions,
  { directory, actor, key }: Partial<AuditConfig> = {},
): void {
  if (actor !== undefined) bind(TOKENS.AuditActor).toConstantValue(actor);
  if (directory === undefined) return;
  bind(TOKENS.AuditTrail)
    .toResolvedValue(
      async (onEvent?: (event: AuditTrailEvent) => void) => {
        const trail = await openAuditTrail({ directory, key: key?.reveal(), onEvent });
        return closable(trail, () => trail.close());
      },
      [{ serviceIdentifier: TOKENS.AuditTrailListener, optional: true }],
    )
    .inSingletonScope()
    .onDeactivation(closePart);
}
