-- One OHLCV bar of one symbol from one source.
-- Monthly partitions: with the symbol in the partition key, a batch of n symbols writes n parts, and more than 100
-- symbols are refused. The source is in the key, so that two vendors' bars of one instant are both kept.
-- The deduplication window remembers the tokens of recent inserts, so that the same insert sent twice counts once.
CREATE TABLE IF NOT EXISTS market_data (
    symbol LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    open Decimal64(8),
    high Decimal64(8),
    low Decimal64(8),
    close Decimal64(8),
    volume UInt64,
    adjusted_close Decimal64(8),
    source LowCardinality(String),
    quality_score UInt8,
    written_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (symbol, timestamp, source)
SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 10000;
