import {
  acceptedBy,
  completeList,
  describeSetting,
  Secret,
  type Address,
  type LeafSetting,
  type RefuseSetting,
  type SettingDeclarations,
} from '@quantumtrade/dal-runtime';
import { parseReference } from '@quantumtrade/dal-secrets';

/** A value that is refused. */
export class Refused {
  constructor(
    readonly reason: string,
    /** The position in a list, with the key of its object, e.g. `1` or `1.role`. */
    readonly inner?: string,
  ) {}
}

const SECONDS_LIMITS = { min: 0.001, max: 86_400 };
const numeral = /^[+-]?\d+(\.\d+)?$/;
const NUMBERS: readonly LeafSetting['kind'][] = ['count', 'factor', 'share', 'duration'];
const TRUTHS: Readonly<Record<string, boolean>> = { true: true, false: false };
const address = /^(?:\[(?<ipv6>[0-9A-Fa-f:.]+)\]|(?<name>[^\s:@/[\]]+))(?::(?<port>\d{1,5}))?$/;

/**
 * Reads a value of a file or of the environment. Numbers, flags and lists may be text, because the environment has only texts.
 * An empty secret counts as absent, because `${NAME:-}` is empty when the variable is not set; so does an empty optional path.
 */
export function readValue(setting: LeafSetting, given: unknown): unknown {
  const isAbsent = setting.kind === 'secret' || (setting.kind === 'path' && setting.default === undefined);
  if (isAbsent && (given instanceof Secret ? given.reveal() : given) === '') return undefined;
  if (setting.kind === 'addresses') return readAddresses(setting, given);
  if (setting.kind === 'list') return readList(setting, given);
  const value = fromText(setting, given);
  const isSeconds = setting.kind === 'duration' && setting.inFile === 'seconds' && typeof value === 'number';
  const isNone = isSeconds && value === 0 && setting.min === 0;
  if (isSeconds && value < SECONDS_LIMITS.min && !isNone) return new Refused('expected at least 1 ms');
  if (isSeconds && value > SECONDS_LIMITS.max) return new Refused('expected at most a day');
  const accepted = acceptedBy(setting, value);
  if (accepted !== undefined) return new Refused(`expected ${accepted}`);
  if (setting.kind === 'secret') return typeof value === 'string' ? new Secret(value) : value;
  return isSeconds ? Math.round(value * 1_000) : value;
}

function fromText({ kind }: LeafSetting, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (NUMBERS.includes(kind)) {
    return numeral.test(value) ? Number(value) : value;
  }
  if (kind === 'choices') return value === '' ? [] : textsIn(value);
  return kind === 'flag' ? (TRUTHS[value.toLowerCase()] ?? value) : value;
}

/** Returns the texts of a list that is one text with commas between them. */
const textsIn = (list: string): string[] => list.split(',').map((part) => part.trim());

/** Reads `host:port` texts of a list, or of one text with commas between them. The port may be left out. */
function readAddresses(setting: LeafSetting & { kind: 'addresses' }, given: unknown): unknown {
  const texts: unknown = typeof given === 'string' ? textsIn(given) : given;
  if (Array.isArray(texts)) {
    const addresses = texts.map((text) => readAddress(text, setting.defaultPort));
    const wrong = addresses.indexOf(undefined);
    if (wrong >= 0) return new Refused('expected host:port', String(wrong));
    return acceptedBy(setting, addresses) === undefined
      ? addresses
      : new Refused(`expected ${acceptedBy(setting, [])}`);
  }
  return new Refused(`expected ${acceptedBy(setting, undefined)}`);
}

/** Reads a list of tables, or in the environment one text of JSON. */
function readList(setting: LeafSetting & { kind: 'list' }, given: unknown): unknown {
  let refused: Refused | undefined;
  const refuse: RefuseSetting = (path, reason) => {
    refused = new Refused(reason.replace(/^must be (?!given)/, 'expected '), path.slice(1) || undefined);
    throw new Error(refused.reason);
  };
  try {
    const items: unknown = typeof given === 'string' ? JSON.parse(given) : given;
    return completeList(setting, items, refuse, '').map((item, index) =>
      withSecrets(setting.of, item, refuse, `.${index}.`),
    );
  } catch {
    return refused ?? new Refused(`expected ${describeSetting(setting)}, as JSON`);
  }
}

/** Leaves out empty secrets, and refuses texts that are references: where these are allowed, they have been replaced before. */
function withSecrets(
  declarations: SettingDeclarations,
  item: object,
  refuse: RefuseSetting,
  path: string,
): object {
  const entries = Object.entries(item).map(([key, value]: [string, unknown]) => {
    const setting = declarations[key];
    if (setting?.kind !== 'secret' || !(value instanceof Secret)) return [key, value];
    const reference = value.reference === undefined && parseReference(value.reveal());
    if (reference) refuse(path + key, `only a file may refer to the secret ${reference.text}`);
    return [key, readValue(setting, value)];
  });
  return Object.fromEntries(entries) as object;
}

function readAddress(text: unknown, defaultPort: number): Address | undefined {
  if (typeof text !== 'string') return undefined;
  const { ipv6, name, port = defaultPort } = address.exec(text)?.groups ?? {};
  const host = ipv6 ?? name;
  const isPort = Number(port) >= 1 && Number(port) <= 65_535;
  return host !== undefined && isPort ? { host, port: Number(port) } : undefined;
}
