-- What a step cost, and the rollout before it; NULL in rows from before this script.

ALTER TABLE step_metric ADD COLUMN rollout_tokens_per_second REAL;
ALTER TABLE step_metric ADD COLUMN reference_tokens_per_second REAL;
ALTER TABLE step_metric ADD COLUMN mfu REAL; -- share of the large matrix product's speed
ALTER TABLE step_metric ADD COLUMN resident_bytes INTEGER CHECK (resident_bytes >= 0);
ALTER TABLE step_metric ADD COLUMN peak_resident_bytes INTEGER CHECK (peak_resident_bytes >= 0);
