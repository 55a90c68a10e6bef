import { unknownKeyReason } from './did-you-mean.js';
import { Secret } from './secret.js';

/** A host and a port of a server. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * One setting, as plain data: what it accepts, its unit and its default. A setting without `default` and `required` may be
 * absent. The doc comment of its key is its documentation, for readers of the code and on the reference page.
 */
export type Setting =
  | {
      readonly kind: 'text';
      readonly default?: string;
      readonly required?: true;
      readonly pattern?: TextPattern;
    }
  /** A password or key: shown nowhere, and absent when empty. */
  | { readonly kind: 'secret' }
  /** A file or directory, relative to the working directory. */
  | { readonly kind: 'path'; readonly default?: string }
  | {
      readonly kind: 'url';
      readonly schemes: readonly string[];
      readonly default?: string;
      readonly required?: true;
    }
  | { readonly kind: 'flag'; readonly default: boolean }
  | { readonly kind: 'choice'; readonly values: readonly string[]; readonly default?: string }
  /** A list of some of the values, none of them twice. */
  | { readonly kind: 'choices'; readonly values: readonly string[]; readonly default: readonly string[] }
  /** A whole number of `unit`, at least `min`. */
  | { readonly kind: 'count'; readonly min: 0 | 1; readonly default: number; readonly unit: string }
  /** A number of at least 1. */
  | { readonly kind: 'factor'; readonly default: number }
  /** A number from 0 to 1. */
  | { readonly kind: 'share'; readonly default: number }
  /** A time in milliseconds, above 0 unless `min` is 0; its key ends in `Ms`. A file has it in seconds where `inFile` says so. */
  | {
      readonly kind: 'duration';
      readonly default: number;
      readonly min?: 0;
      readonly inFile: 'seconds' | 'milliseconds';
    }
  | {
      readonly kind: 'addresses';
      readonly defaultPort: number;
      readonly default?: readonly Address[];
      readonly required?: true;
    }
  /** Objects that each have these settings, none of which is a group or a list. Empty by default. */
  | { readonly kind: 'list'; readonly of: SettingDeclarations; readonly default: readonly [] }
  /** Settings that belong together; absent as a whole where `optional`. */
  | { readonly kind: 'group'; readonly settings: SettingDeclarations; readonly optional?: true };

/** A pattern of accepted texts, with a description that completes "must be …". */
export interface TextPattern {
  readonly matches: RegExp;
  readonly described: string;
}

/** The settings of one part by key, e.g. `REDIS_SETTINGS`. */
export type SettingDeclarations = { readonly [key: string]: Setting };

/** A single value, as opposed to a group. */
export type LeafSetting = Exclude<Setting, { kind: 'group' }>;

type Leaf<S> = S extends { kind: 'text' | 'path' | 'url' }
  ? string
  : S extends { kind: 'secret' }
    ? Secret
    : S extends { kind: 'flag' }
      ? boolean
      : S extends { kind: 'choice'; values: readonly (infer V)[] }
        ? V
        : S extends { kind: 'choices'; values: readonly (infer V)[] }
          ? readonly V[]
          : S extends { kind: 'addresses' }
            ? readonly Address[]
            : S extends { kind: 'list'; of: infer G extends SettingDeclarations }
              ? readonly SettingsOf<G>[]
              : number;

type Present = { default: unknown } | { required: true };

/** The values of declared settings, with defaults filled in. */
export type SettingsOf<D extends SettingDeclarations> = {
  readonly [K in keyof D]: D[K] extends { settings: infer G extends SettingDeclarations; optional: true }
    ? SettingsOf<G> | undefined
    : D[K] extends { settings: infer G extends SettingDeclarations }
      ? SettingsOf<G>
      : D[K] extends Present
        ? Leaf<D[K]>
        : Leaf<D[K]> | undefined;
};

type RequiredKeys<D> = { [K in keyof D]: D[K] extends { required: true } ? K : never }[keyof D];

/** The values of declared settings as a caller gives them: those with a default may be left out, and secrets may be plain text. */
export type SettingsInput<D extends SettingDeclarations> = {
  readonly [K in keyof D]?:
    | (D[K] extends { settings: infer G extends SettingDeclarations }
        ? SettingsInput<G>
        : D[K] extends { of: infer G extends SettingDeclarations }
          ? readonly SettingsInput<G>[]
          : D[K] extends { kind: 'secret' }
            ? Secret | string
            : Leaf<D[K]>)
    | undefined;
} & Required<Pick<SettingsOf<D>, RequiredKeys<D>>>;

/** Throws the caller's error for the setting at a path, e.g. `retry.maxAttempts`. */
export type RefuseSetting = (path: string, reason: string) => never;

/** Returns the given settings with their defaults. Refuses the first one that is unknown, missing or wrong. */
export function completeSettings<D extends SettingDeclarations>(
  declarations: D,
  given: object,
  refuse: RefuseSetting,
  prefix = '',
): SettingsOf<D> {
  const known = Object.keys(declarations);
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(declarations, key)) refuse(prefix + key, unknownKeyReason(key, known));
  }
  const values = given as Readonly<Record<string, unknown>>;
  const complete = known.map((key) => [
    key,
    completeSetting(declarations[key]!, values[key], refuse, prefix + key),
  ]);
  return Object.fromEntries(complete) as SettingsOf<D>;
}

function completeSetting(setting: Setting, value: unknown, refuse: RefuseSetting, path: string): unknown {
  if (setting.kind === 'group') {
    if (value === undefined && setting.optional) return undefined;
    const given = value ?? {};
    if (typeof given !== 'object' || Array.isArray(given)) return refuse(path, 'must be an object');
    return completeSettings(setting.settings, given, refuse, `${path}.`);
  }
  if (value === undefined) {
    if ('required' in setting) refuse(path, 'must be given');
    return 'default' in setting ? setting.default : undefined;
  }
  if ('default' in setting && value === setting.default) return value;
  if (setting.kind === 'list') return completeList(setting, value, refuse, path);
  const accepted = acceptedBy(setting, value);
  if (accepted !== undefined) return refuse(path, `must be ${accepted}`);
  return setting.kind === 'secret' && typeof value === 'string' ? new Secret(value) : value;
}

/** Returns the objects of a list with the defaults of their settings. Refuses the first wrong one, e.g. `endpoints.1.role`. */
export function completeList(
  setting: Setting & { kind: 'list' },
  value: unknown,
  refuse: RefuseSetting,
  path: string,
): object[] {
  if (!Array.isArray(value)) return refuse(path, `must be ${describeSetting(setting)}`);
  const group = { kind: 'group', settings: setting.of } as const;
  return value.map(
    (item: unknown, index) => completeSetting(group, item ?? '', refuse, `${path}.${index}`) as object,
  );
}

/** Returns what a setting accepts, in words, when a value is something else; undefined when the value is accepted. */
export function acceptedBy(setting: LeafSetting, value: unknown): string | undefined {
  return accepts(setting, value) ? undefined : describeSetting(setting);
}

function accepts(setting: LeafSetting, value: unknown): boolean {
  switch (setting.kind) {
    case 'text':
      return typeof value === 'string' && (setting.pattern?.matches.test(value) ?? value !== '');
    case 'path':
      return typeof value === 'string' && value !== '' && value === value.trim();
    case 'secret':
      return typeof value === 'string' || value instanceof Secret;
    case 'url':
      return typeof value === 'string' && isUrl(value, setting.schemes);
    case 'flag':
      return typeof value === 'boolean';
    case 'choice':
      return setting.values.includes(value as string);
    case 'choices':
      return Array.isArray(value) && areChoices(value, setting.values);
    case 'count':
      return Number.isSafeInteger(value) && (value as number) >= setting.min;
    case 'factor':
      return Number.isFinite(value) && (value as number) >= 1;
    case 'share':
      return typeof value === 'number' && value >= 0 && value <= 1;
    case 'duration':
      return typeof value === 'number' && (setting.min === 0 ? value >= 0 : value > 0);
    case 'addresses':
      return Array.isArray(value) && value.every(isAddress) && !('required' in setting && value.length === 0);
    case 'list':
      return Array.isArray(value);
  }
}

/** Returns what a setting accepts, in words that complete "must be …" and "expected …". */
export function describeSetting(setting: LeafSetting): string {
  switch (setting.kind) {
    case 'text':
      return setting.pattern?.described ?? 'text that is not empty';
    case 'path':
      return 'a path without spaces around it';
    case 'secret':
      return 'text';
    case 'url':
      return `a URL that starts with ${setting.schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
    case 'flag':
      return 'true or false';
    case 'choice':
      return `one of ${setting.values.join(', ')}`;
    case 'choices':
      return `a list of ${setting.values.join(', ')}, each at most once`;
    case 'count':
      return setting.min === 1 ? 'a whole number above 0' : 'a whole number, 0 or more';
    case 'factor':
      return 'a number, 1 or more';
    case 'share':
      return 'a number from 0 to 1';
    case 'duration':
      return setting.min === 0 ? 'a number, 0 or more' : 'a number above 0';
    case 'addresses':
      return 'required' in setting ? 'a list of one address or more' : 'a list of addresses';
    case 'list':
      return `a list of objects with ${Object.keys(setting.of).join(', ')}`;
  }
}

const areChoices = (given: readonly unknown[], values: readonly unknown[]): boolean =>
  given.every((item, index) => values.includes(item) && given.indexOf(item) === index);

const isUrl = (text: string, schemes: readonly string[]): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return Boolean(url?.host) && schemes.includes(url!.protocol.slice(0, -1));
};

const isAddress = (value: unknown): boolean => {
  const { host, port } = (value ?? {}) as Partial<Address>;
  return typeof host === 'string' && host !== '' && Number.isInteger(port) && port! > 0 && port! <= 65_535;
};
