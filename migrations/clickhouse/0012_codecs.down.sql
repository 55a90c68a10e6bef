-- Back to the default codec; parts are stored under it when they are merged next. REMOVE CODEC does the same, but fails when it is run
-- twice.
ALTER TABLE market_data
    MODIFY COLUMN timestamp CODEC(Default),
    MODIFY COLUMN open CODEC(Default),
    MODIFY COLUMN high CODEC(Default),
    MODIFY COLUMN low CODEC(Default),
    MODIFY COLUMN close CODEC(Default),
    MODIFY COLUMN volume CODEC(Default),
    MODIFY COLUMN adjusted_close CODEC(Default),
    MODIFY COLUMN written_at CODEC(Default);
ALTER TABLE sentiment_data
    MODIFY COLUMN timestamp CODEC(Default),
    MODIFY COLUMN content_hash CODEC(Default),
    MODIFY COLUMN written_at CODEC(Default);
ALTER TABLE features
    MODIFY COLUMN timestamp CODEC(Default),
    MODIFY COLUMN feature_version CODEC(Default),
    MODIFY COLUMN calculation_time_ms CODEC(Default),
    MODIFY COLUMN written_at CODEC(Default);
ALTER TABLE predictions
    MODIFY COLUMN timestamp CODEC(Default),
    MODIFY COLUMN prediction_horizon CODEC(Default),
    MODIFY COLUMN predicted_price CODEC(Default),
    MODIFY COLUMN written_at CODEC(Default);
ALTER TABLE prediction_outcomes
    MODIFY COLUMN timestamp CODEC(Default),
    MODIFY COLUMN actual_price CODEC(Default),
    MODIFY COLUMN predicted_price CODEC(Default),
    MODIFY COLUMN evaluation_timestamp CODEC(Default),
    MODIFY COLUMN written_at CODEC(Default);
ALTER TABLE strategy_performance
    MODIFY COLUMN id CODEC(Default),
    MODIFY COLUMN timestamp CODEC(Default),
    MODIFY COLUMN total_trades CODEC(Default),
    MODIFY COLUMN written_at CODEC(Default);
