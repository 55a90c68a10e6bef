import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DockerfileParser } from 'dockerfile-ast';
import { parseAllDocuments } from 'yaml';

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const readText = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Returns the documents of a YAML file. A warning is an error. */
export function readYaml(path) {
  return parseAllDocuments(readText(path), { merge: true }).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw new Error(`${path}: ${problem.message}`);
    return document.toJS();
  });
}

/** Image that a Dockerfile describes, as far as its run is concerned. */
export function readImage(path) {
  const dockerfile = DockerfileParser.parse(readText(path));
  const stages = dockerfile.getFROMs();
  const start = stages.at(-1).getRange().start.line;
  const all = dockerfile.getInstructions();
  const own = all.filter((instruction) => instruction.getRange().start.line >= start);
  const last = (keyword) => own.filter((instruction) => instruction.getKeyword() === keyword).at(-1);
  const exec = (instruction) => JSON.parse(instruction.getRawArgumentsContent());
  return {
    stages,
    instructions: all,
    user: last('USER').getArgumentsContent(),
    workingDirectory: last('WORKDIR').getArgumentsContent(),
    stopSignal: last('STOPSIGNAL').getArgumentsContent(),
    ports: own
      .filter((instruction) => instruction.getKeyword() === 'EXPOSE')
      .flatMap((instruction) => instruction.getArguments().map((port) => Number(port.getValue()))),
    env: Object.fromEntries(
      own
        .filter((instruction) => instruction.getKeyword() === 'ENV')
        .flatMap((instruction) => instruction.getProperties())
        .map((property) => [property.getName(), property.getValue()]),
    ),
    entrypoint: exec(last('ENTRYPOINT')),
    command: exec(last('CMD')),
    healthcheck: healthCommand(last('HEALTHCHECK')),
  };
}

/** Returns the command of a health check in exec form. */
function healthCommand(instruction) {
  const text = instruction.getRawArgumentsContent();
  return JSON.parse(text.slice(text.indexOf('CMD') + 'CMD'.length));
}
