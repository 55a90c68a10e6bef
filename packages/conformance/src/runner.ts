/** The functions of a test runner that the suites use; those of jest and vitest fit, and node:test with `expect`. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>, timeoutMs?: number): void;
  beforeAll(prepare: () => Promise<void>): void;
  afterAll(cleanUp: () => Promise<void>): void;
  beforeEach(prepare: () => Promise<void>): void;
  expect(actual: unknown): Expectation;
}

/** The assertions that the suites use. */
export interface Expectation {
  readonly not: Omit<Expectation, 'not'>;
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toMatchObject(expected: object): void;
  toBeNull(): void;
  toHaveLength(length: number): void;
  toBeGreaterThan(limit: number): void;
  toBeGreaterThanOrEqual(limit: number): void;
  toBeCloseTo(expected: number, digits?: number): void;
}
