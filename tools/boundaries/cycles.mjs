/** Finds modules, and packages, that import each other in a circle. Imports of types count: a reader follows them too. */
import { importsOf, isSpec, isTestSupport, packageOf } from './source-files.mjs';

/** Returns the groups of nodes of a graph of which each can be reached from every other, the largest first. */
export function findCycles(graph) {
  const state = new Map();
  const stack = [];
  const cycles = [];
  const visit = (node) => {
    const own = { index: state.size, low: state.size, isOpen: true };
    state.set(node, own);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!state.has(next)) visit(next);
      const other = state.get(next);
      if (other.isOpen) own.low = Math.min(own.low, other.low);
    }
    if (own.low < own.index) return;
    const group = stack.splice(stack.indexOf(node));
    for (const each of group) state.get(each).isOpen = false;
    if (group.length > 1 || graph.get(node)?.has(node)) cycles.push(group.sort());
  };
  for (const node of graph.keys()) if (!state.has(node)) visit(node);
  return cycles.sort((a, b) => b.length - a.length);
}

/** Reports the cycles among modules, and among packages apart from their tests. */
export function checkCycles(sources) {
  const modules = new Map();
  const packages = new Map();
  for (const file of sources.files) {
    const from = sources.pathOf(file);
    const targets = importsOf(sources, file).map(({ target }) => sources.pathOf(target));
    modules.set(from, new Set(targets));
    if (isSpec(from) || isTestSupport(from)) continue;
    const edges = packages.get(packageOf(from)) ?? new Set();
    packages.set(packageOf(from), edges);
    for (const to of targets) if (packageOf(to) !== packageOf(from)) edges.add(packageOf(to));
  }
  return [
    ...findCycles(packages).map((group) => `packages import each other: ${group.join(', ')}`),
    ...findCycles(modules).map((group) => `modules import each other: ${group.join(', ')}`),
  ];
}
