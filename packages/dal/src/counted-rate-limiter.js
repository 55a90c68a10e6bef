/** Returns a rate limiter that counts its decisions without an answer of the store. */
export const countedRateLimiter = (limiter, counts) => ({
    async consume(request, options) {
        const decision = await limiter.consume(request, options);
        if (decision.isUnavailable)
            counts[decision.allowed ? 'allow' : 'deny']++;
        return decision;
    },
});
