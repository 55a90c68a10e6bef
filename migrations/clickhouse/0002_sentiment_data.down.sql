DROP TABLE IF EXISTS sentiment_data;
