DROP TABLE IF EXISTS prediction_outcomes;
