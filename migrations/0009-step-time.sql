-- When a step was over; NULL in rows from before this script.

ALTER TABLE step_metric ADD COLUMN finished_at INTEGER;
