-- Metrics that are undefined have no value: a strategy without trades has no win rate. Horizons of more than 45 days, and
-- latencies with fractions or of more than a minute.
ALTER TABLE strategy_performance
    MODIFY COLUMN accuracy_rate Nullable(Float32),
    MODIFY COLUMN sharpe_ratio Nullable(Float32),
    MODIFY COLUMN max_drawdown Nullable(Float32),
    MODIFY COLUMN win_rate Nullable(Float32);
ALTER TABLE predictions
    MODIFY COLUMN prediction_horizon UInt32,
    MODIFY COLUMN model_latency_ms Float64;
