/** Region and address of a service of AWS; what is missing is found as the SDK of AWS finds it. */
export interface AwsOptions {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** Returns the options of a client of the SDK. */
export const clientOptions = ({ region, endpoint }: AwsOptions) => ({
  ...(region !== undefined && { region }),
  ...(endpoint !== undefined && { endpoint }),
});
