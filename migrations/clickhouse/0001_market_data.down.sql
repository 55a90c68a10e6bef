DROP TABLE IF EXISTS market_data;
