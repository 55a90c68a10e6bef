-- How a strategy did in one market regime, with one set of parameters, as judged at one instant. The id is in the key:
-- one instant may hold judgements of several sets of parameters.
CREATE TABLE IF NOT EXISTS strategy_performance (
    id UUID DEFAULT generateUUIDv4(),
    strategy_name LowCardinality(String),
    market_regime LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    accuracy_rate Float32,
    profit_loss Decimal64(8),
    sharpe_ratio Float32,
    max_drawdown Float32,
    total_trades UInt32,
    win_rate Float32,
    parameters Map(String, Float64),
    market_conditions Map(String, Float64),
    written_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (strategy_name, market_regime, timestamp, id)
SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 10000;
