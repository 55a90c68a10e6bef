-- What came of a prediction. `timestamp` is the prediction's own, `evaluation_timestamp` is when it was judged; judging
-- again replaces the row.
CREATE TABLE IF NOT EXISTS prediction_outcomes (
    prediction_id String,
    symbol LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    actual_price Decimal64(8),
    predicted_price Decimal64(8),
    accuracy_score Float32,
    profit_loss Decimal64(8),
    strategy_name LowCardinality(String),
    market_regime LowCardinality(String),
    evaluation_timestamp DateTime64(3, 'UTC'),
    written_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (prediction_id, timestamp)
SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 10000;
