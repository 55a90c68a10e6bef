ALTER TABLE market_data MODIFY COLUMN written_at DateTime64(3, 'UTC');
ALTER TABLE sentiment_data MODIFY COLUMN written_at DateTime64(3, 'UTC');
ALTER TABLE features MODIFY COLUMN written_at DateTime64(3, 'UTC');
ALTER TABLE predictions MODIFY COLUMN written_at DateTime64(3, 'UTC');
ALTER TABLE prediction_outcomes MODIFY COLUMN written_at DateTime64(3, 'UTC');
ALTER TABLE strategy_performance MODIFY COLUMN written_at DateTime64(3, 'UTC');
ALTER TABLE ingestion_checkpoints MODIFY COLUMN updated_at DateTime64(3, 'UTC');
