-- The sentiment of one piece of news about one symbol.
-- The content hash is in the key and not the version: two headlines of one millisecond are two rows.
CREATE TABLE IF NOT EXISTS sentiment_data (
    symbol LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    source LowCardinality(String),
    sentiment_score Float32,
    confidence Float32,
    headline String,
    content_hash UInt64,
    relevance_score Float32,
    written_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (symbol, timestamp, source, content_hash)
SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 10000;
