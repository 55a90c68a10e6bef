const REPLICATED = /^Replicated(\w*MergeTree)(?:\('(?:[^'\\]|\\.)*', '(?:[^'\\]|\\.)*'(?:, )?|\()/;

/** Returns an engine without replication; undefined for one that keeps no parts, such as `Distributed`. */
export function plainEngine(engine: string): string | undefined {
  if (!/^\w*MergeTree\b/.test(engine)) return undefined;
  return engine.replace(REPLICATED, '$1(');
}
