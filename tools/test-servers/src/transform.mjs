import swc from '@swc/jest';

/** Globals that no test replaces, and whose names no module gives to something else. */
const GLOBALS = [
  ...['Array', 'BigInt', 'Buffer', 'DataView', 'Error', 'Infinity', 'JSON', 'Map', 'Math', 'NaN', 'Number'],
  ...['Object', 'Promise', 'Set', 'String', 'Symbol', 'Uint8Array'],
];

/**
 * Keeps the globals that a module uses in constants of the module. A global object of node:vm, which jest gives each test file, asks its
 * sandbox at each access: a loop over `Math.min` takes several times as long.
 */
function withConstants(source) {
  const used = GLOBALS.filter((name) => new RegExp(`\\b${name}\\b`).test(source));
  return used.length === 0 || source.startsWith('#!')
    ? source
    : `const { ${used.join(', ')} } = globalThis; ${source}`;
}

/** Creates swc's transformer of sources with these constants. */
export default {
  createTransformer(options) {
    const { canInstrument, ...transformer } = swc.createTransformer(options);
    const given = Object.entries(transformer).map(([name, method]) => [
      name,
      (source, ...more) => method(withConstants(source), ...more),
    ]);
    return { canInstrument, ...Object.fromEntries(given) };
  },
};
