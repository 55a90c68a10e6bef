-- Refused while a value does not fit its old type: nothing is changed without a word.
SELECT throwIf(count() > 0, 'strategy_performance has metrics that are undefined')
FROM strategy_performance
WHERE isNull(accuracy_rate) OR isNull(sharpe_ratio) OR isNull(max_drawdown) OR isNull(win_rate);
SELECT throwIf(count() > 0, 'predictions has horizons or latencies that whole numbers of 16 bits do not hold')
FROM predictions
WHERE prediction_horizon > 65535 OR model_latency_ms != floor(model_latency_ms) OR model_latency_ms > 65535;
ALTER TABLE predictions
    MODIFY COLUMN prediction_horizon UInt16,
    MODIFY COLUMN model_latency_ms UInt16;
-- A nullable column becomes another only with a default, which no statement that is safe to run twice removes: so the table
-- is made anew. Rows are copied twice, the second time those that were written meanwhile; copies of one row are one row.
CREATE TABLE IF NOT EXISTS strategy_performance_defined (
    id UUID DEFAULT generateUUIDv4(),
    strategy_name LowCardinality(String),
    market_regime LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    accuracy_rate Float32,
    profit_loss Decimal(38, 8),
    sharpe_ratio Float32,
    max_drawdown Float32,
    total_trades UInt32,
    win_rate Float32,
    parameters Map(String, Float64),
    market_conditions Map(String, Float64),
    written_at DateTime64(8, 'UTC')
) ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (strategy_name, market_regime, timestamp, id)
SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 10000;
INSERT INTO strategy_performance_defined SELECT * FROM strategy_performance
SETTINGS insert_null_as_default = 0, max_partitions_per_insert_block = 0;
RENAME TABLE IF EXISTS strategy_performance TO strategy_performance_before;
RENAME TABLE IF EXISTS strategy_performance_defined TO strategy_performance;
INSERT INTO strategy_performance SELECT * FROM strategy_performance_before
SETTINGS insert_null_as_default = 0, max_partitions_per_insert_block = 0;
DROP TABLE IF EXISTS strategy_performance_before;
