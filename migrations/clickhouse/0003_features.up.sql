-- One feature of one symbol at one instant. All features of one instant share a monthly partition, so that writing a
-- feature set writes one part and not one for each name.
CREATE TABLE IF NOT EXISTS features (
    symbol LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    feature_name LowCardinality(String),
    feature_value Float64,
    feature_metadata String,
    feature_version UInt16,
    calculation_time_ms UInt32,
    written_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (symbol, feature_name, timestamp, feature_version)
SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 10000;
