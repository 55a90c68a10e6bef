-- Versions become unique: 100,000 of them fit into a millisecond, so that of two writes of one key the one called later wins
-- also within a millisecond. Nine digits would end in the year 2262, and rows dated later could not be read any more.
-- Each statement rewrites one column.
ALTER TABLE market_data MODIFY COLUMN written_at DateTime64(8, 'UTC');
ALTER TABLE sentiment_data MODIFY COLUMN written_at DateTime64(8, 'UTC');
ALTER TABLE features MODIFY COLUMN written_at DateTime64(8, 'UTC');
ALTER TABLE predictions MODIFY COLUMN written_at DateTime64(8, 'UTC');
ALTER TABLE prediction_outcomes MODIFY COLUMN written_at DateTime64(8, 'UTC');
ALTER TABLE strategy_performance MODIFY COLUMN written_at DateTime64(8, 'UTC');
ALTER TABLE ingestion_checkpoints MODIFY COLUMN updated_at DateTime64(8, 'UTC');
