import { ValidationError } from '@quantumtrade/dal-domain';
import { z } from 'zod';

const instant = z.iso
  .datetime({ offset: true })
  .or(z.iso.date())
  .transform((text) => Date.parse(text));

const chart = z.strictObject({
  symbol: z.string().min(1),
  interval: z.enum(['1m', '5m', '15m', '1h', '4h', '1d', '1w', '1mo']).default('1d'),
  source: z.string().min(1).optional(),
  /** End of the range, exclusive. @default after the newest bar */
  endTime: instant.optional(),
});
const days = z.coerce.number().int().min(1).max(3_660).default(90);
const completenessSchema = z.strictObject({ days, endTime: instant.optional() });
const operation = z.strictObject({ id: z.coerce.number().int().min(1) });

/** Selection of a chart. */
export type ChartQuery = z.infer<typeof chart>;
/** Selection of a report of completeness. */
export type CompletenessQuery = z.infer<typeof completenessSchema>;

export const chartQuery = (query: unknown): ChartQuery => parse(chart, query, 'dashboard.chart');
export const completenessQuery = (query: unknown): CompletenessQuery =>
  parse(completenessSchema, query, 'dashboard.completeness');
export const operationQuery = (query: unknown): { id: number } =>
  parse(operation, query, 'dashboard.explain');

function parse<T>(schema: z.ZodType<T>, query: unknown, operationName: string): T {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new ValidationError(path.join('.') || 'query', message, { operation: operationName });
}
