-- Volumes with fractions, and profits and losses of ten thousand millions and more: 38 digits, 8 of them after the point.
ALTER TABLE market_data MODIFY COLUMN volume Decimal(38, 8);
ALTER TABLE prediction_outcomes MODIFY COLUMN profit_loss Decimal(38, 8);
ALTER TABLE strategy_performance MODIFY COLUMN profit_loss Decimal(38, 8);
