DROP TABLE IF EXISTS ingestion_checkpoints;
