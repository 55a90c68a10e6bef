-- An outcome belongs to one prediction, which is named by id, symbol and timestamp: the symbol becomes part of the key. A sorting
-- key cannot be changed, so the table is made anew. Rows are copied twice, the second time those that were written meanwhile;
-- copies of one row are one row.
CREATE TABLE IF NOT EXISTS prediction_outcomes_rebuilt (
    prediction_id String,
    symbol LowCardinality(String),
    timestamp DateTime64(3, 'UTC'),
    actual_price Decimal64(8),
    predicted_price Decimal64(8),
    accuracy_score Float32,
    profit_loss Decimal(38, 8),
    strategy_name LowCardinality(String),
    market_regime LowCardinality(String),
    evaluation_timestamp DateTime64(3, 'UTC'),
    written_at DateTime64(8, 'UTC')
) ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (prediction_id, symbol, timestamp)
SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 10000;
INSERT INTO prediction_outcomes_rebuilt SELECT * FROM prediction_outcomes
SETTINGS max_partitions_per_insert_block = 0;
RENAME TABLE IF EXISTS prediction_outcomes TO prediction_outcomes_before;
RENAME TABLE IF EXISTS prediction_outcomes_rebuilt TO prediction_outcomes;
INSERT INTO prediction_outcomes SELECT * FROM prediction_outcomes_before
SETTINGS max_partitions_per_insert_block = 0;
DROP TABLE IF EXISTS prediction_outcomes_before;
