import { keysOf, readMembers, requireWholeNumber } from '../arguments.js';
import { marketData } from '../records/market-data.js';
import { SELECTION_KEYS } from './parameter-keys.js';
import type { RowSelection } from './parameters.js';
import type { SelectionPlan } from './selection.js';
import { planSelection } from './selection.js';

/** Selection of the bars whose order of arrival is compared. */
export interface LateBarsParams extends RowSelection<'marketData'> {
  /** Rows that the call may scan. @default the adapter's `scanBudgetRows` */
  maxScanRows?: number;
}

/** Number of late bars of one symbol and source. */
export interface LateBars {
  symbol: string;
  source: string;
  /** Number of bars, late ones among them. */
  bars: number;
  lateBars: number;
}

/** A checked selection of bars, ready for any adapter. */
export interface LateBarsPlan {
  readonly selection: SelectionPlan;
  readonly maxScanRows: number | undefined;
}

const LATE_BARS_PARAMS = [
  ...SELECTION_KEYS,
  ...keysOf<Omit<LateBarsParams, keyof RowSelection>>({ maxScanRows: true }),
];

/** Checks the parameters; throws `ValidationError` naming the parameter. */
export function planLateBars(params: LateBarsParams, operation: string): LateBarsPlan {
  const given = readMembers('params', params, LATE_BARS_PARAMS, operation);
  const { maxScanRows } = given;
  requireWholeNumber('maxScanRows', maxScanRows, operation, { min: 1 });
  return {
    selection: planSelection(marketData, given, operation),
    maxScanRows: maxScanRows as number | undefined,
  };
}
