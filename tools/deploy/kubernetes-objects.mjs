import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { ROOT, readYaml } from './files.mjs';

const require = createRequire(import.meta.url);

/** Returns the objects of a folder with a kustomization: its resources, those of its bases and its patches applied. */
export function readObjects(folder) {
  const [{ resources = [], patches = [] }] = readYaml(join(folder, 'kustomization.yaml'));
  let objects = resources.flatMap((resource) =>
    resource.endsWith('.yaml') ? readYaml(join(folder, resource)) : readObjects(join(folder, resource)),
  );
  for (const { path, target } of patches) {
    const [patch] = readYaml(join(folder, path));
    const matches = ({ kind, metadata }) =>
      kind === (target ?? patch).kind && metadata.name === (target?.name ?? patch.metadata.name);
    if (!objects.some(matches)) throw new Error(`${join(folder, path)} matches no object`);
    if (target) objects = objects.map((object) => (matches(object) ? patched(object, patch) : object));
    else if (patch.$patch === 'delete') objects = objects.filter((object) => !matches(object));
    else throw new Error(`${join(folder, path)}: expected a JSON patch or a deletion`);
  }
  return objects;
}

/** Applies a JSON patch (RFC 6902) of `test`, `add` and `replace` to a copy of an object. */
function patched(object, operations) {
  const copy = structuredClone(object);
  for (const { op, path, value } of operations) {
    const [key, ...above] = path.split('/').slice(1).reverse();
    const parent = above.reduceRight((at, step) => at[step], copy);
    if (op === 'test' && parent[key] !== value) throw new Error(`${path} is not ${value}`);
    if (op === 'replace' && !(key in parent)) throw new Error(`${path} does not exist`);
    if (op === 'test') continue;
    if (key === '-') parent.push(value);
    else parent[key] = value;
  }
  return copy;
}

/** Returns the module that has the model of an object. */
function modelOf({ apiVersion, kind }) {
  const models = apiVersion.startsWith('monitoring.')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models';
  return `${models}/${apiVersion}/${kind}`;
}

/** Returns what the API would refuse or drop: values by the models' validators, unknown and mistyped fields by their types. */
export function problemsOf(objects) {
  return [...objects.flatMap(valueProblems), ...typeProblems(objects)];
}

function valueProblems(object) {
  const model = require(modelOf(object))[object.kind];
  try {
    new model(object).validate();
    return [];
  } catch (error) {
    return [`${object.kind} ${object.metadata.name}: ${error.message}`];
  }
}

function typeProblems(objects) {
  const file = join(ROOT, 'tools/deploy/objects.virtual.ts');
  const constants = objects.map(
    (object, i) =>
      `export const object${i}: import('${modelOf(object)}').I${object.kind} = ${JSON.stringify(object, null, 1)};`,
  );
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  const read = host.getSourceFile;
  const text = constants.join('\n');
  host.fileExists = (path) => path === file || fileExists(path);
  host.readFile = (path) => (path === file ? text : readFile(path));
  host.getSourceFile = (path, ...rest) =>
    path === file ? ts.createSourceFile(path, text, ts.ScriptTarget.ESNext) : read(path, ...rest);
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
  return diagnostics.map(({ messageText, file: source, start }) => {
    const line = source ? source.text.slice(start).split('\n', 1)[0].trim() : '';
    return `${basename(source?.fileName ?? dirname(file))}: ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
