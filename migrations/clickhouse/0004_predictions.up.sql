-- What a model expected the price to be `prediction_horizon` minutes after `timestamp`.
-- The sorting key serves reads by symbol and time; the index finds a prediction by its id alone. A skipping index and
-- not a projection: FINAL ignores projections, and one would double the table.
CREATE TABLE IF NOT EXISTS predictions (
    prediction_id String,
    symbol LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    model_version LowCardinality(String),
    strategy_name LowCardinality(String),
    prediction_horizon UInt16,
    predicted_price Decimal64(8),
    confidence Float32,
    market_regime LowCardinality(String),
    features_used Array(String),
    model_latency_ms UInt16,
    strategy_parameters Map(String, Float64),
    written_at DateTime64(3, 'UTC'),
    INDEX prediction_id_index prediction_id TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (symbol, timestamp, prediction_id)
SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 10000;
