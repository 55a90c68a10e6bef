-- Refused while a volume has a fraction or a value is too large for its old type: nothing is cut without a word.
SELECT throwIf(count() > 0, 'market_data has volumes that whole numbers of 64 bits do not hold')
FROM market_data WHERE volume != floor(volume) OR volume > 18446744073709551615;
SELECT throwIf(count() > 0, 'prediction_outcomes has profits that 18 digits do not hold')
FROM prediction_outcomes WHERE abs(profit_loss) >= 10000000000;
SELECT throwIf(count() > 0, 'strategy_performance has profits that 18 digits do not hold')
FROM strategy_performance WHERE abs(profit_loss) >= 10000000000;
ALTER TABLE market_data MODIFY COLUMN volume UInt64;
ALTER TABLE prediction_outcomes MODIFY COLUMN profit_loss Decimal64(8);
ALTER TABLE strategy_performance MODIFY COLUMN profit_loss Decimal64(8);
