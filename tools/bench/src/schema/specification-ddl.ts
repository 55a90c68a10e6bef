/** The tables as the specification writes them. */
export const SPECIFICATION_DDL = [
  `CREATE TABLE specification.market_data (
    symbol LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    open Decimal64(8),
    high Decimal64(8),
    low Decimal64(8),
    close Decimal64(8),
    volume UInt64,
    adjusted_close Decimal64(8),
    source LowCardinality(String),
    quality_score UInt8
) ENGINE = MergeTree()
PARTITION BY (toYYYYMM(timestamp), symbol)
ORDER BY (symbol, timestamp)
SETTINGS index_granularity = 8192`,
  `CREATE TABLE specification.sentiment_data (
    symbol LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    source LowCardinality(String),
    sentiment_score Float32,
    confidence Float32,
    headline String,
    content_hash UInt64,
    relevance_score Float32
) ENGINE = ReplacingMergeTree(content_hash)
PARTITION BY (source, toYYYYMM(timestamp))
ORDER BY (symbol, timestamp)
SETTINGS index_granularity = 8192`,
  `CREATE TABLE specification.features (
    symbol LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    feature_name LowCardinality(String),
    feature_value Float64,
    feature_metadata String,
    feature_version UInt16,
    calculation_time_ms UInt32
) ENGINE = MergeTree()
PARTITION BY (feature_name, toYYYYMM(timestamp))
ORDER BY (symbol, feature_name, timestamp)
SETTINGS index_granularity = 8192`,
  `CREATE TABLE specification.predictions (
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
    strategy_parameters Map(String, Float64)
) ENGINE = MergeTree()
PARTITION BY (toYYYYMM(timestamp), model_version)
ORDER BY (symbol, timestamp, prediction_id)
SETTINGS index_granularity = 8192`,
];
