DROP TABLE IF EXISTS strategy_performance;
