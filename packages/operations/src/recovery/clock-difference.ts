/** Largest difference that is allowed between the clocks of writers and of those who make backups (milliseconds). */
export const ALLOWED_CLOCK_DIFFERENCE_MS = 300_000;
