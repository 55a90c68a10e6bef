/** Returns the code of an error of the data layer, else `FAILED`, for audit entries and metrics. */
export declare const outcomeOf: (error: unknown) => string;
