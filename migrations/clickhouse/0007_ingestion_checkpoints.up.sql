-- How far an ingestion has come, kept beside the data it speaks of.
CREATE TABLE IF NOT EXISTS ingestion_checkpoints (
    source_id String,
    position UInt64,
    updated_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(updated_at)
ORDER BY source_id;
