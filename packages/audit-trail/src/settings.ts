/** The settings of the audit trail. */
export const AUDIT_SETTINGS = {
  /** Directory of the trail on this machine's disk. Without it, there is no trail. */
  directory: { kind: 'path' },
  /** The name in the trail's entries. Without it, the application decides. */
  actor: { kind: 'text' },
  /** Key that seals the trail: a rewrite without the key is detected. */
  key: { kind: 'secret' },
} as const;
