/**
 * Words with a standard name that the code uses instead (docs/glossary.md). A key is a whole word in lower case; identifiers are
 * split at their capitals.
 */
export const BANNED_IN_NAMES = {
  bear: 'swallow',
  buried: 'moved to the dead letters',
  bury: 'move to the dead letters',
  carry: 'dispatch',
  ear: 'subscription',
  ears: 'subscriptions',
  facts: 'settings',
  flights: 'single flight',
  gate: 'semaphore',
  hear: 'be notified',
  heard: 'notified',
  hears: 'is notified',
  lane: 'buffer',
  lanes: 'buffers',
  mortal: 'killable',
  obtain: 'get or load',
  promised: 'promise try',
  room: 'byte budget',
  shipment: 'in-flight block',
  shipments: 'in-flight blocks',
  tell: 'notify, report or return',
  tells: 'notifies, reports or returns',
  ticket: 'pending write',
  tickets: 'pending writes',
  told: 'notified or reported',
  touched: 'affected',
  trouble: 'the reason or the error',
  vouch: 'register',
  vouches: 'registers',
  witness: 'oracle',
  witnesses: 'oracles',
  world: 'simulation',
  worlds: 'simulations',
};

/** Banned words in comments and test names, where some of the words above have a plain meaning as well. */
export const BANNED_IN_TEXTS = {
  buried: 'moved to the dead letters',
  bury: 'move to the dead letters',
  hear: 'be notified',
  heard: 'notified',
  hears: 'is notified',
  knows: 'has, or sees',
  shipment: 'in-flight block',
  shipments: 'in-flight blocks',
  speaks: 'uses',
  tell: 'notify, report or return',
  tells: 'notifies, reports or returns',
  told: 'notified or reported',
  trouble: 'the reason or the error',
  unheard: 'unnoticed',
  vouch: 'register',
  vouches: 'registers',
};

/** A doc comment begins with a verb or a noun, not with one of these. */
export const BANNED_FIRST_WORDS = /^(what|who|whom|whose|whoever|whatever|of|the same|where)\b/i;

/** A longer test name is not read as a sentence. */
export const TEST_NAME_WORDS = 12;
