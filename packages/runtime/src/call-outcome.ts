/**
 * Result of a call as evidence about its server.
 *
 * - `success`: the server answered; an answer that refuses the request as wrong is one as well.
 * - `overloaded`: the server answered that it has too much work, or the time for its answer was over.
 * - `failure`: the connection broke or the server answered with an error of its own.
 * - `ignored`: neither, for example because the caller left.
 */
export type CallOutcome = 'success' | 'overloaded' | 'failure' | 'ignored';
