DROP TABLE IF EXISTS predictions;
