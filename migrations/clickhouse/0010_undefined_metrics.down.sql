-- Refused while a value does not fit its old type: nothing is changed without a word.
SELECT throwIf(count() > 0, 'strategy_performance has metrics that are undefined')
FROM strategy_performance
WHERE isNull(accuracy_rate) OR isNull(sharpe_ratio) OR isNull(max_drawdown) OR isNull(win_rate);
SELECT throwIf(count() > 0, 'predictions has horizons or latencies that whole numbers of 16 bits do not hold')
FROM predictions
WHERE prediction_horizon > 65535 OR model_latency_ms != floor(model_latency_ms) OR model_latency_ms > 65535;
ALTER TABLE strategy_performance
    MODIFY COLUMN accuracy_rate Float32,
    MODIFY COLUMN sharpe_ratio Float32,
    MODIFY COLUMN max_drawdown Float32,
    MODIFY COLUMN win_rate Float32;
ALTER TABLE predictions
    MODIFY COLUMN prediction_horizon UInt16,
    MODIFY COLUMN model_latency_ms UInt16;
