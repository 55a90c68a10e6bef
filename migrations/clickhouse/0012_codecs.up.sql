-- Codecs that make columns smaller without slower reads, chosen by measurement (docs/adr/0038): prices are divided by their common
-- divisor and cut to the bits that differ, instants are stored as differences. A column that is not named keeps the engine's default,
-- which a TTL with RECOMPRESS changes for old parts; a codec of a column's own stays as it is.
-- The statements change metadata only. Parts that exist are stored under the codecs when they are merged next, or by
-- OPTIMIZE TABLE ... FINAL.
ALTER TABLE market_data
    MODIFY COLUMN timestamp CODEC(Delta, ZSTD(1)),
    MODIFY COLUMN open CODEC(GCD, T64, ZSTD(1)),
    MODIFY COLUMN high CODEC(GCD, T64, ZSTD(1)),
    MODIFY COLUMN low CODEC(GCD, T64, ZSTD(1)),
    MODIFY COLUMN close CODEC(GCD, T64, ZSTD(1)),
    MODIFY COLUMN volume CODEC(GCD, ZSTD(1)),
    MODIFY COLUMN adjusted_close CODEC(GCD, T64, ZSTD(1)),
    MODIFY COLUMN written_at CODEC(Delta, LZ4);
ALTER TABLE sentiment_data
    MODIFY COLUMN timestamp CODEC(Delta, T64, LZ4),
    MODIFY COLUMN content_hash CODEC(NONE),
    MODIFY COLUMN written_at CODEC(Delta, LZ4);
ALTER TABLE features
    MODIFY COLUMN timestamp CODEC(Delta, ZSTD(1)),
    MODIFY COLUMN feature_version CODEC(T64, LZ4),
    MODIFY COLUMN calculation_time_ms CODEC(T64, LZ4),
    MODIFY COLUMN written_at CODEC(Delta, LZ4);
ALTER TABLE predictions
    MODIFY COLUMN timestamp CODEC(Delta, ZSTD(1)),
    MODIFY COLUMN prediction_horizon CODEC(T64, LZ4),
    MODIFY COLUMN predicted_price CODEC(GCD, T64, ZSTD(1)),
    MODIFY COLUMN written_at CODEC(Delta, LZ4);
ALTER TABLE prediction_outcomes
    MODIFY COLUMN timestamp CODEC(GCD, T64, LZ4),
    MODIFY COLUMN actual_price CODEC(GCD, T64, ZSTD(1)),
    MODIFY COLUMN predicted_price CODEC(GCD, T64, ZSTD(1)),
    MODIFY COLUMN evaluation_timestamp CODEC(GCD, T64, LZ4),
    MODIFY COLUMN written_at CODEC(GCD, T64, LZ4);
ALTER TABLE strategy_performance
    MODIFY COLUMN id CODEC(NONE),
    MODIFY COLUMN timestamp CODEC(Delta, ZSTD(1)),
    MODIFY COLUMN total_trades CODEC(T64, LZ4),
    MODIFY COLUMN written_at CODEC(Delta, LZ4);
